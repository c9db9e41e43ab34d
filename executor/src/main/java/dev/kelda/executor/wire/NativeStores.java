package dev.kelda.executor.wire;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.ByteString;
import dev.kelda.executor.proto.ByteRange;
import dev.kelda.executor.proto.Nothing;
import dev.kelda.executor.proto.ObjectLoan;
import dev.kelda.executor.proto.ObjectRequest;
import dev.kelda.executor.proto.ObjectResponse;
import dev.kelda.spi.connector.ObjectStores;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The {@link ObjectStores} that connectors get: the native engine's. */
public final class NativeStores implements ObjectStores {
  private static final Nothing NOTHING = Nothing.getDefaultInstance();

  private final Function<ObjectRequest, ObjectResponse> call;

  public NativeStores(Function<ObjectRequest, ObjectResponse> call) {
    this.call = requireNonNull(call, "call is null");
  }

  @Override
  public Optional<StoredObject> find(String url) {
    return objects(at(url).setFind(NOTHING)).stream().findFirst();
  }

  @Override
  public byte[] read(String url, long from, long to) {
    ByteRange range = ByteRange.newBuilder().setFrom(from).setTo(to).build();
    return call.apply(at(url).setRead(range).build()).getContent().toByteArray();
  }

  @Override
  public void write(String url, byte[] content) {
    call.apply(at(url).setWrite(ByteString.copyFrom(content)).build());
  }

  @Override
  public void delete(String url) {
    call.apply(at(url).setDelete(NOTHING).build());
  }

  @Override
  public List<StoredObject> list(String prefix) {
    return objects(at(prefix).setList(NOTHING));
  }

  @Override
  public void lend(String prefix, Map<String, String> options, Optional<Instant> until) {
    ObjectLoan.Builder loan = ObjectLoan.newBuilder().putAllOptions(options);
    until.ifPresent(instant -> loan.setUntilMillis(instant.toEpochMilli()));
    call.apply(at(prefix).setLend(loan).build());
  }

  private static ObjectRequest.Builder at(String url) {
    return ObjectRequest.newBuilder().setUrl(url);
  }

  private List<StoredObject> objects(ObjectRequest.Builder request) {
    return call.apply(request.build()).getObjectsList().stream()
        .map(
            object ->
                new StoredObject(
                    object.getUrl(),
                    object.getBytes(),
                    Instant.ofEpochMilli(object.getModifiedMillis())))
        .toList();
  }
}
