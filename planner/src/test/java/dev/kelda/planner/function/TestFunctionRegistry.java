package dev.kelda.planner.function;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.planner.function.FunctionInfo.Evaluated;
import dev.kelda.planner.function.FunctionInfo.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.junit.jupiter.api.Test;

class TestFunctionRegistry {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path PAGE = ROOT.resolve("docs/reference/functions.md");
  private static final Path RUST = ROOT.resolve("executor/native/src/functions");
  private final FunctionRegistry registry = FunctionRegistry.load();

  @Test
  void thereAreEnoughFunctionsWithoutTheOperators() {
    assertThat(registry.functions().stream().filter(f -> f.kind() != Kind.OPERATOR).count())
        .isGreaterThan(200);
  }

  @Test
  void idsAndNamesAreUnique() {
    Set<String> ids = new HashSet<>();
    Set<String> names = new HashSet<>();
    for (FunctionInfo function : registry.functions()) {
      assertThat(ids.add(function.id())).as(function.id()).isTrue();
      if (function.kind() != Kind.OPERATOR) {
        for (String name : function.names()) {
          boolean overload = name.equals("TO_TIMESTAMP");
          assertThat(names.add(name) || overload).as(name).isTrue();
        }
      }
    }
  }

  @Test
  void everyFunctionHasATestVector() {
    assertThat(registry.functions())
        .filteredOn(f -> f.kind() != Kind.OPERATOR)
        .allSatisfy(f -> assertThat(f.vectors()).as(f.id()).isNotEmpty());
  }

  @Test
  void calcitesOwnOperatorsHaveTheirIds() {
    assertThat(registry.id(SqlStdOperatorTable.EXTRACT)).contains("date_part");
    assertThat(registry.id(SqlStdOperatorTable.COUNT)).contains("count");
    assertThat(registry.id(SqlStdOperatorTable.HOP)).isEmpty();
  }

  /** Every id that Rust evaluates stands as a text in its folder; every Java one in its list. */
  @Test
  void nativeCodeKnowsEveryId() throws IOException {
    StringBuilder rust = new StringBuilder();
    try (var files = Files.list(RUST)) {
      for (Path file : files.toList()) {
        rust.append(Files.readString(file));
      }
    }
    String java = Files.readString(RUST.resolve("mod.rs"));
    String list = java.substring(java.indexOf("pub const JAVA"));
    list = list.substring(0, list.indexOf(';', list.indexOf('=')));
    long listed = Pattern.compile("\"").matcher(list).results().count() / 2;
    long inJava = 0;
    for (FunctionInfo function : registry.functions()) {
      String quoted = '"' + function.id() + '"';
      switch (function.evaluated()) {
        case DATAFUSION, KELDA -> {
          if (function.kind() != Kind.OPERATOR && !function.id().equals("modulo")) {
            assertThat(rust).contains(quoted);
          }
        }
        case JAVA -> {
          assertThat(list).contains(quoted);
          inJava++;
        }
        case PLANNER -> assertThat(rust).doesNotContain(quoted);
      }
    }
    assertThat(listed).isEqualTo(inJava);
  }

  /** {@code -Dkelda.rewrite=true} writes the page instead. */
  @Test
  void theReferencePageIsUpToDate() throws IOException {
    String page = FunctionReference.markdown(registry.functions());
    if (Boolean.getBoolean("kelda.rewrite")) {
      Files.createDirectories(PAGE.getParent());
      Files.writeString(PAGE, page);
    }
    assertThat(Files.readString(PAGE))
        .as(
            "rewrite it with: mvn test -pl planner -Dtest=TestFunctionRegistry -Dkelda.rewrite=true")
        .isEqualTo(page);
  }

  @Test
  void evaluatedInJavaIsWhatTheExecutorProvides() {
    assertThat(registry.functions())
        .filteredOn(f -> f.evaluated() == Evaluated.JAVA)
        .extracting(FunctionInfo::id)
        .containsExactlyInAnyOrder("normalize", "strip_accents");
  }
}
