package dev.kelda.connector.iceberg;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.FileScanTask;

/** The data files that a change has looked at, numbered in the order of their first sight. */
final class ChangedFiles {
  private final Map<String, Integer> numbers = new HashMap<>();
  private final List<FileScanTask> tasks = new ArrayList<>();

  int number(FileScanTask task) {
    return numbers.computeIfAbsent(
        task.file().location(),
        location -> {
          tasks.add(task);
          return tasks.size() - 1;
        });
  }

  FileScanTask task(int number) {
    return tasks.get(number);
  }
}
