/**
 * In: the text of one statement. Out: a {@link dev.kelda.parser.Statement}; a query in it is
 * Calcite's SqlNode, everything else plain data with positions.
 *
 * <pre>
 * text --SqlScanner--> closed strings, comments   (SqlText.split and isComplete end here)
 *      --TokenSource--> tokens; KeywordRules: keyword or name, by its place
 *      --generated parser--> Statement --TreeShape--> shallow tree
 *           ^ calcite-core's Parser.jj + src/main/codegen (config, patches, our productions)
 * </pre>
 *
 * Invariants: the only exception is {@code KeldaException}, with line and column of the mistake;
 * text, tokens, nesting and the depth of the resulting tree are bounded, so that neither this
 * module nor a reader of its trees runs out of stack; names keep their case; no name is resolved
 * and no type derived here. Nodes that are not Calcite's own: {@link dev.kelda.parser.SqlAsofJoin},
 * {@link dev.kelda.parser.SqlTableVersion}, {@link dev.kelda.parser.SqlPath}, {@link
 * dev.kelda.parser.SqlGroupByAll}.
 */
package dev.kelda.parser;
