package dev.kelda.planner.rules;

import com.google.common.collect.ImmutableList;
import java.util.List;
import org.apache.calcite.rel.RelCollation;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.metadata.BuiltInMetadata;
import org.apache.calcite.rel.metadata.ChainedRelMetadataProvider;
import org.apache.calcite.rel.metadata.DefaultRelMetadataProvider;
import org.apache.calcite.rel.metadata.MetadataDef;
import org.apache.calcite.rel.metadata.MetadataHandler;
import org.apache.calcite.rel.metadata.ReflectiveRelMetadataProvider;
import org.apache.calcite.rel.metadata.RelMetadataProvider;
import org.apache.calcite.rel.metadata.RelMetadataQuery;

/**
 * Metadata in which VALUES have no order: nothing asks for it, and Calcite fails to compare the
 * doubles of a column with its decimals. Public for the handlers that Calcite generates.
 */
public final class UnorderedValues implements MetadataHandler<BuiltInMetadata.Collation> {
  public static final RelMetadataProvider METADATA =
      ChainedRelMetadataProvider.of(
          List.of(
              ReflectiveRelMetadataProvider.reflectiveSource(
                  new UnorderedValues(), BuiltInMetadata.Collation.Handler.class),
              DefaultRelMetadataProvider.INSTANCE));

  private UnorderedValues() {}

  @Override
  public MetadataDef<BuiltInMetadata.Collation> getDef() {
    return BuiltInMetadata.Collation.DEF;
  }

  public ImmutableList<RelCollation> collations(Values values, RelMetadataQuery query) {
    return ImmutableList.of();
  }
}
