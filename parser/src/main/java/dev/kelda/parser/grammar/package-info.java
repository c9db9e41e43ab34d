/**
 * The generated parser and what it leans on; only {@link dev.kelda.parser.grammar.Grammar} is for
 * use from outside. The Java of the parser itself is made at build time from Calcite's template.
 *
 * <p>A new statement: a production in {@code src/main/codegen/includes/parserImpls.ftl} and its
 * record in {@code Statement}; its new words go to {@code config.fmpp} and, with the place that
 * makes them keywords, to {@link dev.kelda.parser.grammar.KeywordRules}, so that no user's column
 * loses its name.
 */
package dev.kelda.parser.grammar;
