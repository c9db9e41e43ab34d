package dev.kelda.cli.format;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.util.Optional;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.VectorUnloader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.ipc.message.MessageSerializer;

/** The Arrow IPC streaming format; an update writes nothing. */
final class ArrowWriter implements ResultWriter {
  @Override
  public void write(Rows rows, OutputStream out) throws IOException {
    if (rows.updateCount().isPresent()) {
      return;
    }
    WriteChannel channel = new WriteChannel(Channels.newChannel(out));
    MessageSerializer.serialize(channel, rows.schema());
    for (Optional<VectorSchemaRoot> batch = rows.batches().get();
        batch.isPresent();
        batch = rows.batches().get()) {
      try (ArrowRecordBatch record = new VectorUnloader(batch.get()).getRecordBatch()) {
        MessageSerializer.serialize(channel, record);
      }
    }
    ArrowStreamWriter.writeEndOfStream(channel, IpcOption.DEFAULT);
  }
}
