"""TLS and logins: a server with a certificate and users made here, and every client that Python has."""

import base64
import datetime
import ipaddress
import os
import subprocess

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow as pa
import pyarrow.flight as flight
import pytest
from adbc_driver_flightsql import DatabaseOptions
from conftest import ROOT, complaint
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from kelda_server import KeldaServer

KELDA = str(ROOT / "kelda")
PASSWORD = "ü sesame: 'open'"


def certificate(folder):
    """A self-signed certificate for 127.0.0.1; the paths of certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kelda test")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "server.crt", folder / "server.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return pem, private


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secure")
    pem, _ = certificate(folder)
    hashed = subprocess.run([KELDA, "password"], input=PASSWORD + "\n", capture_output=True, text=True, check=True)
    config = folder / "kelda.toml"
    config.write_text(
        '[server]\ntls_certificate = "server.crt"\ntls_key = "server.key"\n'
        + "".join(f'[[users]]\nname = "{name}"\npassword = "{hashed.stdout.strip()}"\n' for name in ("ana", "ben"))
    )
    with KeldaServer(folder / "home", config=config) as server:
        server.roots = pem.read_bytes()
        yield server
        assert server.stop() == 0


def adbc(server, user="ana", password=PASSWORD, **options):
    given = {"username": user, "password": password, DatabaseOptions.TLS_ROOT_CERTS.value: server.roots.decode()}
    return flightsql.connect(server.uri, db_kwargs={**given, **options}, autocommit=True)


def one(connection):
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()


def test_adbc_logs_in(secure):
    assert secure.uri.startswith("grpc+tls://")
    assert one(adbc(secure)) == (1,)


@pytest.mark.parametrize("user, password", [("ana", "wrong"), ("nobody", PASSWORD), ("ana", ""), ("", PASSWORD)])
def test_wrong_logins_are_refused(secure, user, password):
    with pytest.raises(Exception, match="(?i)unauthenticated|AUTHENTICATION_FAILED") as caught:
        one(adbc(secure, user, password))
    assert PASSWORD not in str(caught.value)


def test_nobody_without_a_login(secure):
    with flight.connect(secure.uri, tls_root_certs=secure.roots) as client:
        with pytest.raises(flight.FlightUnauthenticatedError):
            client.get_flight_info(flight.FlightDescriptor.for_command("SELECT 1"))
        with pytest.raises(flight.FlightUnauthenticatedError):
            list(client.list_actions())
        with pytest.raises(flight.FlightUnauthenticatedError):
            client.do_get(flight.Ticket(b"x")).read_all()


def pyarrow_login(server, user="ana"):
    client = flight.connect(server.uri, tls_root_certs=server.roots)
    return client, flight.FlightCallOptions(headers=[client.authenticate_basic_token(user, PASSWORD)])


def test_pyarrow_logs_in(secure):
    client, options = pyarrow_login(secure)
    with client:
        info = client.get_flight_info(flight.FlightDescriptor.for_command("SELECT 1 AS a"), options)
        assert client.do_get(info.endpoints[0].ticket, options).read_all().to_pylist() == [{"a": 1}]


def test_a_ticket_is_its_users(secure):
    ana, of_ana = pyarrow_login(secure)
    ben, of_ben = pyarrow_login(secure, "ben")
    with ana, ben:
        ticket = ana.get_flight_info(flight.FlightDescriptor.for_command("SELECT 1"), of_ana).endpoints[0].ticket
        with pytest.raises(pa.ArrowException, match="INVALID_TICKET"):
            ben.do_get(ticket, of_ben).read_all()
        with pytest.raises(flight.FlightUnauthenticatedError):
            ben.do_get(ticket).read_all()
        assert ana.do_get(ticket, of_ana).read_all().num_rows == 1


@pytest.mark.parametrize("value", ["Bearer ", "Bearer abc", "Bearer " + "A" * 80, "Basic !!", "Basic YW5h", "Digest x", "Negotiate"])
def test_forged_headers(secure, value):
    with flight.connect(secure.uri, tls_root_certs=secure.roots) as client:
        options = flight.FlightCallOptions(headers=[(b"authorization", value.encode())])
        with pytest.raises(flight.FlightUnauthenticatedError):
            client.get_flight_info(flight.FlightDescriptor.for_command("SELECT 1"), options)


def test_a_changed_token_is_refused(secure):
    client = flight.connect(secure.uri, tls_root_certs=secure.roots)
    with client:
        name, value = client.authenticate_basic_token("ana", PASSWORD)
        token = bytearray(base64.urlsafe_b64decode(value.split(b" ", 1)[1] + b"=="))
        for place in (0, 4, 14, len(token) - 1):
            forged = bytes(token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :])
            header = b"Bearer " + base64.urlsafe_b64encode(forged).rstrip(b"=")
            with pytest.raises(flight.FlightUnauthenticatedError):
                client.get_flight_info(
                    flight.FlightDescriptor.for_command("SELECT 1"), flight.FlightCallOptions(headers=[(name, header)])
                )


def test_the_certificate_is_checked(secure, tmp_path):
    other, _ = certificate(tmp_path)
    with pytest.raises(Exception, match="(?i)certificate|tls|handshake|x509"):
        one(adbc(secure, **{DatabaseOptions.TLS_ROOT_CERTS.value: other.read_text()}))
    assert one(adbc(secure, **{DatabaseOptions.TLS_SKIP_VERIFY.value: "true"})) == (1,)


def test_no_plaintext_on_a_tls_port(secure):
    with flight.connect(secure.uri.replace("grpc+tls", "grpc+tcp")) as client, pytest.raises(flight.FlightError):
        client.get_flight_info(
            flight.FlightDescriptor.for_command("SELECT 1"), flight.FlightCallOptions(timeout=10)
        )


def test_too_many_failures_wait(secure):
    errors = []
    for _ in range(12):
        with pytest.raises(Exception) as caught:
            one(adbc(secure, "ben", "wrong"))
        errors.append(str(caught.value))
    assert any("TOO_MANY_REQUESTS" in error or "too many failed logins" in error for error in errors), errors[-1]
    assert one(adbc(secure)) == (1,)


def test_the_console_logs_in(secure, tmp_path):
    pem = tmp_path / "roots.crt"
    pem.write_bytes(secure.roots)
    command = [KELDA, "sql", "--uri", secure.uri, "--user", "ana", "--tls-roots", str(pem), "--format", "csv", "-e", "SELECT 1 AS a"]
    environment = {**os.environ, "KELDA_PASSWORD": PASSWORD}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert (done.returncode, done.stdout) == (0, "a\n1\n"), done.stderr
    done = subprocess.run(command, capture_output=True, text=True, env={**environment, "KELDA_PASSWORD": "no"}, timeout=120)
    assert done.returncode == 1 and "AUTHENTICATION_FAILED" in done.stderr, done.stderr


@pytest.mark.parametrize(
    "config, told",
    [
        ('[server]\nhost = "0.0.0.0"\n', "[[users]]"),
        ('[server]\nhost = "0.0.0.0"\nallow_plaintext = true\n', "[[users]]"),
        ('[server]\nhost = "0.0.0.0"\n[[users]]\nname = "a"\npassword = "HASH"\n', "tls_certificate"),
        ('[server]\ntls_certificate = "no.crt"\ntls_key = "no.key"\n', "no.crt"),
        ('[server]\ntls_certificate = "no.crt"\n', "go together"),
        ('[[users]]\nname = "a"\npassword = "plain"\n', "kelda password"),
    ],
)
def test_unsafe_servers_do_not_start(tmp_path, config, told):
    if "HASH" in config:
        made = subprocess.run([KELDA, "password"], input="x\n", capture_output=True, text=True, check=True)
        config = config.replace("HASH", made.stdout.strip())
    file = tmp_path / "kelda.toml"
    file.write_text(config)
    command = [KELDA, "server", "--home", str(tmp_path / "home"), "--config", str(file), "--port", "0", "--http-port", "-1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and done.stdout == ""
    assert told in done.stderr and len(complaint(done.stderr)) == 1, done.stderr
