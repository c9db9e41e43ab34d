package dev.kelda.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.planner.proto.PointInTimeJoin;
import dev.kelda.planner.proto.Rel;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import org.junit.jupiter.api.Test;

class TestPointInTimePlans {
  private static PointInTimeJoin join(String sql) {
    Rel rel = Tpch.plan(sql).plan().getRoot();
    while (rel.getKindCase() == Rel.KindCase.PROJECT) {
      rel = rel.getProject().getInput();
    }
    return rel.getPointInTimeJoin();
  }

  @Test
  void leftJoinWithToleranceAndKey() {
    PointInTimeJoin join =
        join(
            "SELECT l.id, w.temp FROM labels l LEFT ASOF JOIN weather w"
                + " MATCH_CONDITION (l.departed_at >= w.observed_at)"
                + " TOLERANCE INTERVAL '3' HOUR ON l.origin = w.origin");
    PointInTimeJoin.Feature feature = join.getFeatures(0);
    assertThat(feature.getInner()).isFalse();
    assertThat(feature.getMatch()).isEqualTo(PointInTimeJoin.Feature.Match.GREATER_OR_EQUAL);
    assertThat(feature.getTolerance().getLiteral().getInteger()).isEqualTo(10_800_000_000L);
    assertThat(feature.getSpineKeysCount()).isEqualTo(1);
    assertThat(feature.getOutputCount()).isEqualTo(1);
  }

  @Test
  void severalInARowAreOneNode() {
    PointInTimeJoin join =
        join(
            "SELECT l.id, w.temp, v.wind FROM labels l"
                + " LEFT ASOF JOIN weather w MATCH_CONDITION (l.departed_at >= w.observed_at)"
                + " USING (origin)"
                + " LEFT ASOF JOIN weather v MATCH_CONDITION (l.departed_at > v.observed_at)"
                + " ON l.origin = v.origin");
    assertThat(join.getFeaturesCount()).isEqualTo(2);
  }

  @Test
  void spineConditionsGoBelowFeatureConditionsStay() {
    String plan =
        Tpch.text(
            "SELECT l.id FROM labels l LEFT ASOF JOIN weather w"
                + " MATCH_CONDITION (l.departed_at >= w.observed_at) ON l.origin = w.origin"
                + " WHERE l.late AND w.temp > 3");
    int join = plan.indexOf("PointInTimeJoin");
    assertThat(plan.indexOf("LogicalFilter")).isLessThan(join);
    assertThat(plan.indexOf("LogicalFilter", join)).isPositive();
  }

  @Test
  void inequalityInsideOn() {
    PointInTimeJoin join =
        join(
            "SELECT id, temp FROM labels l ASOF JOIN weather w"
                + " ON l.origin = w.origin AND l.departed_at >= w.observed_at");
    assertThat(join.getFeatures(0).getInner()).isTrue();
  }

  @Test
  void otherConditionsOverBothSidesAreRefused() {
    assertThatThrownBy(
            () ->
                Tpch.plan(
                    "SELECT id FROM labels l ASOF JOIN weather w"
                        + " MATCH_CONDITION (l.departed_at >= w.observed_at) ON l.origin <> w.origin"))
        .isInstanceOfSatisfying(
            KeldaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_SUPPORTED));
  }

  private static final String JOIN =
      " FROM labels l LEFT ASOF JOIN weather w"
          + " MATCH_CONDITION (l.departed_at >= w.observed_at) ON l.origin = w.origin ";

  private static int limitsBelow(String sql) {
    String plan = Tpch.text(sql);
    String below = plan.substring(plan.indexOf("PointInTimeJoin"));
    return below.split("LogicalSort", -1).length - 1;
  }

  @Test
  void limitsGoToTheSpine() {
    assertThat(limitsBelow("SELECT l.id, w.temp" + JOIN + "LIMIT 3")).isEqualTo(1);
    assertThat(limitsBelow("SELECT l.id, w.temp" + JOIN + "ORDER BY l.id DESC LIMIT 3 OFFSET 2"))
        .isEqualTo(1);
    assertThat(Tpch.text("SELECT l.id, w.temp" + JOIN + "ORDER BY l.id LIMIT 3 OFFSET 2"))
        .contains("fetch=[5]");
  }

  @Test
  void limitsStayWhereRowsAreDroppedOrOrderedByAFeature() {
    assertThat(limitsBelow("SELECT l.id, w.temp" + JOIN + "ORDER BY w.temp LIMIT 3")).isZero();
    assertThat(limitsBelow("SELECT l.id, w.temp" + JOIN.replace("LEFT ", "") + "LIMIT 3")).isZero();
    assertThat(limitsBelow("SELECT l.id, w.temp" + JOIN + "ORDER BY l.id")).isZero();
    assertThat(limitsBelow("SELECT l.id, COUNT(w.temp) OVER ()" + JOIN + "LIMIT 3")).isZero();
  }

  @Test
  void aFeatureThatGivesNothingGoes() {
    assertThat(Tpch.text("SELECT COUNT(*)" + JOIN)).doesNotContain("PointInTimeJoin");
    assertThat(Tpch.text("SELECT COUNT(*)" + JOIN.replace("LEFT ", "")))
        .contains("PointInTimeJoin");
    assertThat(Tpch.text("SELECT COUNT(w.temp)" + JOIN)).contains("PointInTimeJoin");
  }

  @Test
  void aJoinOnAnEarlierFeatureStaysApart() {
    PointInTimeJoin join =
        join(
            "SELECT l.id, w.temp, v.wind"
                + JOIN
                + "LEFT ASOF JOIN weather v MATCH_CONDITION (w.observed_at > v.observed_at)"
                + " ON l.origin = v.origin");
    assertThat(join.getFeaturesCount()).isEqualTo(1);
    assertThat(join.getSpine().hasPointInTimeJoin() || join.getSpine().hasProject()).isTrue();
  }

  @Test
  void featureConditionsDoNotGoBelow() {
    String plan = Tpch.text("SELECT l.id" + JOIN + "WHERE w.temp > 3");
    assertThat(plan.indexOf("LogicalFilter")).isLessThan(plan.indexOf("PointInTimeJoin"));
    assertThat(plan.substring(plan.indexOf("PointInTimeJoin"))).doesNotContain("LogicalFilter");
  }

  @Test
  void muchSmallerFeaturesAreBuilt() {
    assertThat(join("SELECT l.id, w.temp" + JOIN).getBuild())
        .isEqualTo(PointInTimeJoin.Build.SPINE);
    String orders =
        "SELECT l.l_orderkey, o.o_totalprice FROM lineitem l LEFT ASOF JOIN %s o"
            + " MATCH_CONDITION (l.l_shipdate >= o.o_orderdate) ON l.l_orderkey = o.o_orderkey";
    assertThat(join(orders.formatted("orders")).getBuild())
        .isEqualTo(PointInTimeJoin.Build.FEATURES);
    assertThat(
            join(orders.formatted("(SELECT * FROM orders UNION ALL SELECT * FROM orders)"))
                .getBuild())
        .isEqualTo(PointInTimeJoin.Build.SPINE);
  }
}
