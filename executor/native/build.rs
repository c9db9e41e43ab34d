//! Generates Rust messages from the two .proto files; no protoc needed.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let includes = ["../../planner/src/main/proto", "../src/main/proto"];
    for include in includes {
        println!("cargo:rerun-if-changed={include}");
    }
    let files = protox::compile(["kelda/plan.proto", "kelda/bridge.proto"], includes)?;
    prost_build::Config::new().compile_fds(files)?;
    Ok(())
}
