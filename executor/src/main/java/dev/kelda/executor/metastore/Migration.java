package dev.kelda.executor.metastore;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/** One module's scripts, with a history table of its own beside everybody's tables. */
final class Migration {
  private static final Object ONE_AT_A_TIME = new Object();

  private Migration() {}

  static void run(
      DataSource database, Path home, String module, String folder, ClassLoader resources) {
    if (!module.matches("[a-z][a-z0-9_]*")) {
      throw new IllegalArgumentException("not a module's name: " + module);
    }
    synchronized (ONE_AT_A_TIME) { // a file lock is the process's, not the thread's
      try (FileChannel file =
              FileChannel.open(
                  home.resolve("metastore.lock"),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE);
          FileLock ignored = file.lock()) {
        Flyway.configure(resources)
            .dataSource(database)
            .locations("classpath:" + folder)
            .table(module + "_history")
            .baselineOnMigrate(true) // other modules' tables are there already
            .baselineVersion("0")
            .load()
            .migrate();
      } catch (IOException e) {
        throw new KeldaException(
            ErrorCode.STORAGE_ERROR, "cannot lock the metastore: " + e.getMessage(), e);
      } catch (FlywayException e) {
        throw new KeldaException(
            ErrorCode.CATALOG_ERROR,
            "the metastore's tables of "
                + module
                + " cannot be brought up to date: "
                + e.getMessage(),
            e);
      }
    }
  }
}
