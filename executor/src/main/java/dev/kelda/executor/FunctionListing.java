package dev.kelda.executor;

import static java.util.stream.Collectors.joining;

import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.planner.function.FunctionRegistry;
import dev.kelda.planner.function.Signature;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.extension.PlannedFunction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The registry's functions and the connectors' table functions, by name. */
final class FunctionListing {
  private FunctionListing() {}

  static List<FunctionInfo> of(Catalogs catalogs) {
    List<FunctionInfo> all = new ArrayList<>();
    for (dev.kelda.planner.function.FunctionInfo function : FunctionRegistry.load().functions()) {
      for (String name : function.names()) {
        all.add(listing(name, function));
      }
    }
    for (Catalogs.Entry catalog : catalogs.entries()) {
      catalog.connector().tableFunctions().forEach(function -> all.add(listing(function)));
    }
    catalogs.functions().inFrom().forEach(function -> all.add(listing(function)));
    for (PlannedFunction function : catalogs.functions().scalar()) {
      function.names().forEach(name -> all.add(listing(name, function)));
    }
    all.sort(Comparator.comparing(FunctionInfo::name));
    return all;
  }

  private static FunctionInfo listing(
      String name, dev.kelda.planner.function.FunctionInfo function) {
    return new FunctionInfo(
        name,
        switch (function.kind()) {
          case SCALAR, OPERATOR -> FunctionInfo.Kind.SCALAR;
          case AGGREGATE -> FunctionInfo.Kind.AGGREGATE;
          case WINDOW -> FunctionInfo.Kind.WINDOW;
        },
        function.category(),
        function
            .syntax()
            .orElseGet(
                () -> function.signatures().stream().map(Signature::text).collect(joining("; "))),
        function.signatures().stream().map(Signature::result).distinct().collect(joining(", ")),
        function.description(),
        function.example().orElse(""));
  }

  private static FunctionInfo listing(String name, PlannedFunction function) {
    return new FunctionInfo(
        name,
        FunctionInfo.Kind.SCALAR,
        function.id().substring(0, function.id().indexOf('.')),
        function.syntax(),
        "depends on the arguments",
        function.description(),
        "");
  }

  private static FunctionInfo listing(TableFunction function) {
    String parameters =
        function.parameters().stream()
            .map(p -> p.required() ? p.name() : p.name() + "?")
            .collect(joining(", ", "(", ")"));
    return new FunctionInfo(
        function.name(),
        FunctionInfo.Kind.TABLE,
        "table",
        parameters,
        "TABLE",
        function.description(),
        "");
  }
}
