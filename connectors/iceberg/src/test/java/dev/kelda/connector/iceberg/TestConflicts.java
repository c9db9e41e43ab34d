package dev.kelda.connector.iceberg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.RowChange;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.testing.Contexts;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which changes of others a change of rows does not get along with. */
final class TestConflicts {
  private static final Schema COLUMNS =
      new Schema(
          List.of(
              new Field("id", FieldType.nullable(CanonicalTypes.INT64), List.of()),
              new Field("name", FieldType.nullable(CanonicalTypes.UTF8), List.of()),
              new Field("price", FieldType.nullable(CanonicalTypes.FLOAT64), List.of())));

  @TempDir Path home;
  private IcebergConnector connector;

  @BeforeEach
  void open() {
    ConnectorContext context = Contexts.of(home);
    connector = (IcebergConnector) new IcebergConnectorFactory().create("lake", Map.of(), context);
    connector.createTable("main", "t", TableDefinition.of(COLUMNS));
    append(0);
    append(100);
  }

  @AfterEach
  void close() {
    connector.close();
  }

  /** Ten rows from that id on, in a file of their own. */
  private void append(long start) {
    TableWrite write = connector.insert("main", "t");
    write.commit(List.of(ParquetFiles.write(write.target(), "0", start, 10)));
  }

  /** An UPDATE that takes out the row of id 3. */
  private RowChange update() {
    IcebergTable table = (IcebergTable) connector.table("main", "t").orElseThrow();
    RowChange change = table.change(RowChange.Kind.UPDATE, Map.of());
    Scan.Files files = (Scan.Files) change.rows().scan(List.of(id(Predicate.Operator.LESS, 10)));
    assertThat(files.files()).hasSize(1);
    change.takeOut(0, new long[] {3});
    return change;
  }

  private void commit(RowChange change) {
    assertThat(change.remaining()).hasSize(1);
    change.commit(List.of(ParquetFiles.write(change.target(), "1", 3, 1)));
  }

  @Test
  void rowsThatItWouldHaveSeenAreConflicts() {
    RowChange change = update();
    append(5);
    assertConflict(change);
  }

  @Test
  void otherRowsAreNone() {
    RowChange change = update();
    append(200);
    assertThatCode(() -> commit(change)).doesNotThrowAnyException();
  }

  @Test
  void rowsThatASubQueryWouldHaveSeenAreConflictsToo() {
    RowChange change = update();
    change.alsoReads(List.of(id(Predicate.Operator.GREATER, 150)));
    append(200);
    assertConflict(change);
  }

  @Test
  void theSameRowsAreConflicts() {
    RowChange first = update();
    RowChange second = update();
    commit(first);
    assertConflict(second);
  }

  private void assertConflict(RowChange change) {
    assertThatThrownBy(() -> commit(change))
        .isInstanceOfSatisfying(
            KeldaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.COMMIT_CONFLICT));
  }

  private static Predicate id(Predicate.Operator operator, long value) {
    return new Predicate.Comparison(0, operator, Scalar.of(CanonicalTypes.INT64, value));
  }
}
