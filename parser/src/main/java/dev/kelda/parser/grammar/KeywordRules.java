package dev.kelda.parser.grammar;

import static dev.kelda.parser.grammar.KeldaParserImplConstants.*;

import java.util.BitSet;

/**
 * Which words are keywords where. Calcite reserves 370 words, {@code year}, {@code value}, {@code
 * method} and {@code position} among them; here a word is reserved only if SQL cannot be read
 * otherwise, and every other word is a keyword only in the place its construct needs it. A word
 * that is a keyword nowhere (the functions, the types) is a plain name.
 */
final class KeywordRules {
  /** Units of time as INTERVAL, EXTRACT and FLOOR take them. */
  static final BitSet UNITS =
      Words.kinds(
          YEAR, YEARS, QUARTER, QUARTERS, MONTH, MONTHS, WEEK, WEEKS, DAY, DAYS, HOUR, HOURS,
          MINUTE, MINUTES, SECOND, SECONDS);

  /** Words that begin a clause; they end a WINDOW clause and a MATCH_CONDITION. */
  static final BitSet CLAUSES =
      Words.kinds(
          SELECT, FROM, WHERE, GROUP, HAVING, QUALIFY, ORDER, LIMIT, UNION, INTERSECT, EXCEPT, JOIN,
          ON, USING);

  /** Keywords everywhere but after a dot and as a label after AS. */
  static final BitSet RESERVED =
      Words.kinds(
          SELECT,
          FROM,
          WHERE,
          GROUP,
          HAVING,
          ORDER,
          LIMIT,
          OFFSET,
          QUALIFY,
          UNION,
          INTERSECT,
          EXCEPT,
          JOIN,
          ON,
          USING,
          AND,
          OR,
          NOT,
          IN,
          IS,
          NULL,
          LIKE,
          ILIKE,
          BETWEEN,
          CASE,
          DISTINCT,
          ALL,
          AS,
          WITH,
          TRUE,
          FALSE,
          EXISTS,
          FOR,
          LATERAL,
          TABLE,
          DEFAULT_,
          TABLESAMPLE,
          TO,
          CURRENT_DATE,
          CURRENT_TIME,
          CURRENT_TIMESTAMP,
          LOCALTIME,
          LOCALTIMESTAMP,
          CURRENT_USER,
          SESSION_USER,
          CURRENT_CATALOG,
          CURRENT_SCHEMA,
          MATCH_RECOGNIZE,
          MATCH_CONDITION);

  /** Reserved words that may be written as calls, too. */
  private static final BitSet CALLED =
      Words.kinds(CURRENT_SCHEMA, CURRENT_CATALOG, CURRENT_USER, SESSION_USER);

  /** Not reserved by Calcite, but in its way: as names they are ordinary functions and columns. */
  private static final BitSet NAMES =
      Words.kinds(
          ARRAY_AGG,
          ARRAY_CONCAT_AGG,
          STRING_AGG,
          GROUP_CONCAT,
          DATE_DIFF,
          DATE_TRUNC,
          DATETIME_DIFF,
          DATETIME_TRUNC,
          TIME_DIFF,
          TIME_TRUNC,
          TIMESTAMP_DIFF,
          TIMESTAMP_TRUNC,
          CONTAINS_SUBSTR,
          HOP,
          TUMBLE,
          FINAL,
          JSON_ARRAY,
          JSON_ARRAYAGG,
          JSON_OBJECT,
          JSON_OBJECTAGG);

  private static final BitSet FUNCTIONS_OF_UNITS =
      Words.kinds(EXTRACT, TIMESTAMPADD, TIMESTAMPDIFF);

  private static final BitSet ROUNDING = Words.kinds(FLOOR, CEIL, CEILING);
  private static final BitSet BEFORE_ROW_COUNT = Words.kinds(OFFSET, FIRST, NEXT);

  /**
   * What can follow an alias; anything else after AS OF is the time of a table, and so is a
   * parenthesis that holds more than names.
   */
  private static final BitSet AFTER_ALIAS =
      Words.kinds(
          EOF,
          SEMICOLON,
          COMMA,
          RPAREN,
          LPAREN,
          DOT,
          FROM,
          WHERE,
          GROUP,
          HAVING,
          WINDOW,
          QUALIFY,
          ORDER,
          LIMIT,
          OFFSET,
          FETCH,
          UNION,
          INTERSECT,
          EXCEPT,
          SET_MINUS,
          JOIN,
          LEFT,
          RIGHT,
          FULL,
          INNER,
          CROSS,
          NATURAL,
          ASOF,
          ON,
          USING,
          MATCH_CONDITION,
          TABLESAMPLE,
          FOR);

  private KeywordRules() {}

  /** Whether the current word is a keyword here. */
  static boolean isKeyword(Words words, boolean reservedByCalcite) {
    int kind = words.token().kind;
    if (words.previous() == DOT || words.next() == NAMED_ARGUMENT_ASSIGNMENT) {
      return false;
    }
    if (RESERVED.get(kind)) {
      return !isLabel(words) && !(CALLED.get(kind) && words.next() == LPAREN);
    }
    if (UNITS.get(kind)) {
      return isUnit(words);
    }
    if (NAMES.get(kind)) {
      return false;
    }
    return switch (kind) {
      // Statements.
      case SHOW, DESCRIBE, RESET, CREATE, EXPLAIN, USE, ATTACH, DETACH, CANCEL, ALTER, CALL ->
          words.isVerb();
      case DROP ->
          words.isVerb()
              || words.verb() == ALTER
                  && words.isStatementAbout(MODEL)
                  && words.kind(2) != EOF
                  && (words.kind(3) == EOF || words.kind(3) == SEMICOLON);
      case MERGE, TRUNCATE, COPY, REFRESH -> words.isVerb();
      case INSERT, UPDATE, DELETE ->
          words.isVerb() || words.verb() == MERGE && words.previous() == THEN && !words.inCase();
      case SET ->
          words.isVerb()
              || words.kind(3) == EQ && words.isStatementAbout(MODEL)
              || changes(words) && (words.kind(2) == EQ || words.kind(2) == DOT);
      case INTO -> words.previousIs(INSERT, MERGE, OVERWRITE);
      case OVERWRITE -> words.previous() == INSERT;
      case MATCHED -> words.verb() == MERGE && words.previousIs(WHEN, NOT);
      case ANALYZE -> words.previous() == EXPLAIN || words.isVerb();
      case QUERY -> words.previous() == CANCEL;
      case IF ->
          words.previousIs(SCHEMA, TABLE, VIEW, MODEL, INDEX, DATASET, ATTACH, DETACH)
              && words.nextIs(NOT, EXISTS);
      case SECRET -> words.previous() == EQ && words.next() == QUOTED_STRING;
      case COMMENT -> words.next() == QUOTED_STRING || words.isVerb();
      case MODEL -> words.afterVerb(CREATE, ALTER, DROP, DESCRIBE) || words.isModelArgument();
      case INPUT, OUTPUT, OPTIONS -> words.next() == LPAREN && words.isStatementAbout(MODEL);
      case VECTOR, TEXT -> words.next() == INDEX && words.afterVerb(CREATE, DROP);
      case INDEX -> words.previousIs(VECTOR, TEXT) || words.afterVerb(DROP, DESCRIBE, REFRESH);
      case FEATURE ->
          words.afterVerb(CREATE, ALTER, DROP, DESCRIBE, REFRESH) && words.nextIs(VIEW, VIEWS);
      case TRAINING -> words.afterVerb(CREATE, ALTER, DROP, DESCRIBE) && words.next() == DATASET;
      case DATASET -> words.previous() == TRAINING && words.isStatementAbout(TRAINING);
      case VIEWS -> words.previous() == FEATURE && words.verb() == REFRESH;
      case PRIMARY -> words.next() == KEY && words.isClauseOf(FEATURE);
      case KNOWN -> words.next() == AT && words.isClauseOf(FEATURE);
      case AT ->
          words.previous() == KNOWN && words.isClauseOf(FEATURE)
              || words.next() == TIME && words.kind(2) == ZONE;
      case TTL ->
          words.nextIs(INTERVAL, UNSIGNED_INTEGER_LITERAL, MINUS)
              && (words.isClauseOf(FEATURE)
                  || words.verb() == ALTER && words.isStatementAbout(FEATURE));
      case LABEL, SPLIT -> words.next() == LPAREN && words.isClauseOf(TRAINING);
      case SEED ->
          words.nextIs(UNSIGNED_INTEGER_LITERAL, DECIMAL_NUMERIC_LITERAL, MINUS)
              && words.isClauseOf(TRAINING);
      // Joins and tables.
      case LEFT, RIGHT -> words.nextIs(JOIN, OUTER, ASOF) || words.previous() == ASOF;
      case FULL ->
          words.nextIs(JOIN, OUTER, ASOF)
              || words.previous() == ASOF
              || words.verb() == REFRESH && words.previous() != VIEW;
      case INNER -> words.nextIs(JOIN, ASOF) || words.previous() == ASOF;
      case CROSS -> words.nextIs(JOIN);
      case OUTER -> words.previousIs(LEFT, RIGHT, FULL);
      case NATURAL -> words.nextIs(JOIN, LEFT, RIGHT, FULL, INNER, CROSS);
      case ASOF -> words.nextIs(JOIN, LEFT, INNER, RIGHT, FULL);
      case TOLERANCE -> words.afterMatchCondition();
      case SYSTEM_TIME, SYSTEM_VERSION -> words.previous() == FOR;
      case OF ->
          words.previous() == AS
                  && (words.kind(-2) == SYSTEM_TIME
                      || words.kind(-2) == SYSTEM_VERSION
                      || !AFTER_ALIAS.get(words.next())
                      || words.next() == LPAREN && !words.opensNames())
              || words.previousIs(MEMBER, SUBMULTISET);
      case UNNEST -> words.next() == LPAREN && words.inFrom();
      case VALUES -> words.nextIs(LPAREN, ROW, QUOTED_STRING, UNSIGNED_INTEGER_LITERAL, HOOK);
      case ROW -> words.nextIs(LPAREN, ONLY) || words.previousIs(CURRENT) || afterRowCount(words);
      case RECURSIVE -> words.previous() == WITH;
      case MATERIALIZED -> words.previousIs(AS, NOT) && words.next() == LPAREN;
      case BERNOULLI, SYSTEM -> words.previous() == TABLESAMPLE;
      case PERCENT -> words.previousIs(UNSIGNED_INTEGER_LITERAL, DECIMAL_NUMERIC_LITERAL);
      case SET_MINUS -> words.nextIs(SELECT, ALL, DISTINCT);
      // Clauses.
      case BY ->
          words.previousIs(GROUP, ORDER, PARTITION, PARTITIONED, SORTED, MATCHED)
              || words.previous() == RPAREN && words.isClauseOf(TRAINING);
      case PARTITIONED, SORTED -> words.next() == BY && words.verb() == CREATE;
      case GROUPING -> words.next() == SETS;
      case ROLLUP, CUBE -> words.next() == LPAREN;
      case WINDOW -> words.kind(2) == AS && words.kind(3) == LPAREN;
      case FETCH -> words.nextIs(FIRST, NEXT);
      case NEXT -> words.previous() == FETCH;
      case ONLY -> words.previousIs(ROW, ROWS);
      case FIRST, LAST -> words.next() != LPAREN;
      // Functions with a syntax of their own.
      case CAST, TRY_CAST, SAFE_CAST, SUBSTRING, FLOOR, CEIL, CEILING -> words.next() == LPAREN;
      case EXTRACT -> words.argumentsHold(FROM);
      case POSITION -> words.argumentsHold(IN);
      case OVERLAY -> words.argumentsHold(PLACING);
      case TRANSLATE -> words.argumentsHold(USING);
      case TRIM -> words.next() == LPAREN && !words.argumentsHold(COMMA);
      case LEADING, TRAILING, BOTH -> words.previous() == LPAREN && words.kind(-2) == TRIM;
      case FILTER -> words.next() == LPAREN && words.kind(2) == WHERE;
      case OVER -> words.previousIs(RPAREN, NULLS);
      case WITHIN -> words.next() == GROUP && words.kind(2) == LPAREN || words.next() == DISTINCT;
      case PARTITION -> words.next() == BY;
      case ROWS -> words.inWindow() || words.next() == ONLY || afterRowCount(words);
      case RANGE -> words.inWindow() && words.next() != LPAREN;
      case CURRENT -> words.next() == ROW;
      case NO -> words.next() == OTHERS;
      // Expressions.
      case WHEN -> words.inCase() || words.verb() == MERGE && words.nextIs(NOT, MATCHED);
      case THEN -> words.inCase() || words.verb() == MERGE && words.nextIs(UPDATE, DELETE, INSERT);
      case ELSE, END -> words.inCase();
      case ANY, SOME -> words.next() == LPAREN && words.previousIs(EQ, NE, NE2, LT, LE, GT, GE);
      case SIMILAR -> words.next() == TO;
      case ESCAPE -> words.nextIs(QUOTED_STRING, HOOK);
      case SYMMETRIC, ASYMMETRIC -> words.previous() == BETWEEN;
      case MEMBER, SUBMULTISET -> words.next() == OF;
      case UNKNOWN -> words.previous() == IS || words.previous() == NOT && words.kind(-2) == IS;
      case UNIQUE -> words.next() == LPAREN && words.kind(2) == SELECT;
      case OVERLAPS -> words.previous() == RPAREN && words.next() == LPAREN;
      case UESCAPE -> words.next() == QUOTED_STRING;
      // Values and types.
      case INTERVAL -> words.startsInterval();
      case DATE, DATETIME, UUID, DECIMAL -> words.next() == QUOTED_STRING;
      case TIMESTAMP, TIME ->
          words.next() == QUOTED_STRING
              || kind == TIME && words.next() == ZONE
              || kind == TIMESTAMP
                  && words.isClauseOf(FEATURE)
                  && !words.previousIs(TIMESTAMP, VIEW, EXISTS, AT)
              || kind == TIME && words.previous() == AT
              || isZonedLiteral(words);
      case LOCAL, WITHOUT -> words.next() == TIME;
      case ARRAY -> words.nextIs(LBRACKET, LPAREN) || words.previousIs(IDENTIFIER, RPAREN, ARRAY);
      default -> !reservedByCalcite;
    };
  }

  /** {@code SELECT 1 AS order}: a label, as nothing else can stand between AS and a comma. */
  private static boolean isLabel(Words words) {
    return words.previous() == AS
        && words.nextIs(COMMA, FROM, EOF, SEMICOLON, RPAREN)
        && !words.isVerb();
  }

  private static boolean changes(Words words) {
    return words.verb() == UPDATE || words.verb() == MERGE;
  }

  private static boolean isUnit(Words words) {
    return words.isIntervalUnit()
        || words.previous() == LPAREN && FUNCTIONS_OF_UNITS.get(words.opener())
        || words.previous() == TO && ROUNDING.get(words.opener());
  }

  private static boolean afterRowCount(Words words) {
    return words.previousIs(UNSIGNED_INTEGER_LITERAL, HOOK) && BEFORE_ROW_COUNT.get(words.kind(-2))
        || words.previousIs(FIRST, NEXT) && words.kind(-2) == FETCH;
  }

  /** TIMESTAMP WITH [LOCAL] TIME ZONE '...'. */
  private static boolean isZonedLiteral(Words words) {
    if (words.next() != WITH) {
      return false;
    }
    int local = words.kind(2) == LOCAL ? 1 : 0;
    return words.kind(2 + local) == TIME
        && words.kind(3 + local) == ZONE
        && words.kind(4 + local) == QUOTED_STRING;
  }
}
