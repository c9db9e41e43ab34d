package dev.kelda.executor.statement;

import dev.kelda.executor.extension.Extensions;
import dev.kelda.executor.extension.ModuleQueries;
import dev.kelda.executor.extension.Sinks;
import dev.kelda.parser.Statement;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** All statements Kelda runs. */
public final class Handlers {
  private final Map<Class<? extends Statement>, StatementHandler<?>> handlers = new HashMap<>();

  public Handlers(Services services, Extensions extensions, ModuleQueries queries) {
    InsertHandler inserts = new InsertHandler(services, new Sinks(extensions, queries));
    List<StatementHandler<?>> all =
        List.of(
            new QueryHandler(services, new Shortcuts(extensions, queries)),
            new ExplainHandler(services, this),
            new ShowHandler(services),
            new ShowOptionHandler(),
            new DescribeHandler(),
            new DescribeQueryHandler(services),
            new CreateSchemaHandler(services),
            new DropSchemaHandler(services),
            new CreateTableHandler(services),
            new CreateTableAsHandler(services),
            new DropTableHandler(services),
            new AlterTableHandler(services),
            new RenameTableHandler(services),
            new CreateViewHandler(services),
            new DropViewHandler(services),
            new CommentHandler(services),
            new CallHandler(services),
            inserts,
            new InsertOverwriteHandler(services),
            new ChangeHandler(services),
            new TruncateHandler(services),
            new AnalyzeHandler(services),
            new CopyToHandler(services),
            new CopyFromHandler(services, inserts),
            new SetOptionHandler(),
            new ResetOptionHandler(),
            new UseHandler(services),
            new CancelQueryHandler(services),
            new AttachHandler(services),
            new DetachHandler(services));
    all.forEach(handler -> handlers.put(handler.statement(), handler));
    for (dev.kelda.spi.extension.StatementHandler<?> contributed : extensions.statements()) {
      StatementHandler<?> handler = ModuleStatementHandler.of(contributed, this, queries);
      handlers.put(handler.statement(), handler);
    }
  }

  /** Hands the statement to its handler. */
  public Action prepare(Statement statement, Request request) {
    StatementHandler<?> handler = handlers.get(statement.getClass());
    if (handler == null) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          statement.getClass().getSimpleName() + " statements are not supported");
    }
    return prepare(handler, statement, request);
  }

  private static <S extends Statement> Action prepare(
      StatementHandler<S> handler, Statement statement, Request request) {
    return handler.prepare(handler.statement().cast(statement), request);
  }
}
