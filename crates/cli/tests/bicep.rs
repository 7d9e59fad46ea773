//! Bicep files, compiled by a stand-in that prints what the real one prints; and by the real one where it is installed.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const TEMPLATE: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "languageVersion": "2.0",
  "parameters": { "name": { "type": "string" }, "size": { "type": "int", "defaultValue": 1, "maxValue": 3 } },
  "resources": {
    "store": {
      "type": "Microsoft.Storage/storageAccounts",
      "apiVersion": "2023-01-01",
      "name": "[parameters('name')]",
      "location": "westeurope",
      "properties": { "size": "[parameters('size')]" }
    }
  }
}"#;

/// A folder with a Bicep file, its parameters, and programs.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bicep").join(name);
        drop(std::fs::remove_dir_all(&place));
        std::fs::create_dir_all(place.join("bin")).unwrap();
        std::fs::write(
            place.join("main.bicep"),
            "param name string\nresource store 'x' = {\n  nmae: name\n}\n",
        )
        .unwrap();
        std::fs::write(place.join("main.bicepparam"), "using 'main.bicep'\nparam name = 'st1'\n").unwrap();
        std::fs::write(place.join("template.json"), TEMPLATE).unwrap();
        let parameters = r#"{"parameters":{"name":{"value":"st1"},"size":{"value":SIZE}}}"#;
        for (file, size) in [("built.json", "2"), ("wrong.json", "9")] {
            let built = serde_json::json!({
                "parametersJson": parameters.replace("SIZE", size),
                "templateJson": TEMPLATE,
                "templateSpecId": null,
            });
            std::fs::write(place.join(file), built.to_string()).unwrap();
        }
        Self(place)
    }

    /// A program that is a shell script; it is told what it was called with.
    fn program(self, name: &str, script: &str) -> Self {
        let path = self.0.join("bin").join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
        // The shell that runs the stand-ins has its own place; `cat` and `sleep` are named in full.
        command.args(arguments).current_dir(&self.0).env("PATH", self.0.join("bin")).env("NO_COLOR", "1");
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code().unwrap_or(-1), text(stdout), text(stderr))
    }
}

const BUILDS: &str = "
case \"$*\" in
  'build --stdout main.bicep')
    echo \"$PWD/main.bicep(1,7) : Warning no-unused-params: Parameter \\\"name\\\" is declared but never used. [https://aka.ms/bicep/linter-diagnostics#no-unused-params]\" >&2
    /bin/cat template.json ;;
  'build-params --stdout main.bicepparam') /bin/cat built.json ;;
  *) echo \"unexpected: $*\" >&2; exit 2 ;;
esac";

#[test]
fn a_template_is_compiled_and_warnings_are_passed_on() {
    let place = Place::new("builds").program("bicep", BUILDS);
    let (code, stdout, stderr) = place.run(&["template", "expand", "main.bicep", "--set", "name=st7"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("st7"), "{stdout}");
    assert!(stderr.starts_with("bicep: ") && stderr.contains("no-unused-params"), "{stderr}");
    for command in ["assess", "drill"] {
        let (code, _, stderr) = place.run(&[command, "main.bicep", "--parameters", "main.bicepparam"]);
        assert!(code < 2, "{command}: {stderr}");
    }
    let (code, stdout, stderr) = place.run(&["plan", "prepare", "main.bicepparam"]);
    assert!(code < 2 && stdout.contains("st1"), "{stderr}");
}

#[test]
fn parameters_bring_their_template() {
    let place = Place::new("parameters").program("bicep", BUILDS);
    for arguments in [&["main.bicepparam"][..], &["main.bicep", "--parameters", "main.bicepparam"]] {
        let arguments = [&["template", "expand", "--output", "json"], arguments].concat();
        let (code, stdout, stderr) = place.run(&arguments);
        assert_eq!(code, 0, "{stderr}");
        let found: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(found["resources"][0]["name"], "st1");
        assert_eq!(found["resources"][0]["properties"]["size"], 2);
    }
}

/// Azure's complaints are about the JSON, which is shown and called compiled.
#[test]
fn what_azure_refuses_is_shown_in_the_compiled_json() {
    let place = Place::new("compiled").program("bicep", &BUILDS.replace("built.json", "wrong.json"));
    let (code, _, stderr) =
        place.run(&["template", "expand", "main.bicep", "--parameters", "main.bicepparam"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("parameter `size` is 9, allowed is 3 or less"), "{stderr}");
    assert!(stderr.contains("--> main.bicepparam (compiled):1:"), "{stderr}");
    let (code, _, stderr) = place.run(&["template", "expand", "main.bicep", "--set", "nmae=st7"]);
    assert!(code == 2 && stderr.contains("did you mean `name`?"), "{stderr}");
    let (_, _, stderr) = place.run(&["template", "expand", "main.bicep"]);
    assert!(stderr.contains("--> main.bicep (compiled):4:19"), "{stderr}");
    assert!(stderr.contains("\"name\": { \"type\": \"string\" }"), "{stderr}");
}

#[test]
fn errors_of_the_compiler_stand_in_the_bicep_file() {
    let fails = "echo \"$PWD/main.bicep(3,3) : Error BCP037: The property \\\"nmae\\\" is not allowed. [https://aka.ms/bicep/core#BCP037]\" >&2; exit 1";
    let place = Place::new("fails").program("bicep", fails);
    let (code, stdout, stderr) = place.run(&["template", "expand", "main.bicep"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("error: BCP037: The property \"nmae\" is not allowed."), "{stderr}");
    assert!(stderr.contains("--> main.bicep:3:3") && stderr.contains("^^^^"), "{stderr}");
    assert!(stderr.contains("hint: see https://aka.ms/bicep/core#BCP037"), "{stderr}");

    let place = Place::new("dies").program("bicep", "echo 'Unhandled exception.' >&2; exit 134");
    let (code, _, stderr) = place.run(&["template", "expand", "main.bicep"]);
    assert!(
        code == 2 && stderr.contains("`bicep` cannot compile `main.bicep`: Unhandled exception."),
        "{stderr}"
    );

    let place = Place::new("old").program("bicep", "echo '{\"parameters\": {}}'");
    let (code, _, stderr) =
        place.run(&["template", "expand", "main.json", "--parameters", "main.bicepparam"]);
    assert!(code == 2 && stderr.contains("cannot read `main.json`"), "{stderr}");
    let (code, _, stderr) =
        place.run(&["template", "expand", "template.json", "--parameters", "main.bicepparam"]);
    assert!(code == 2 && stderr.contains("az bicep upgrade"), "{stderr}");
    let (code, _, stderr) = place.run(&["template", "expand", "template.json", "--parameters", "main.bicep"]);
    assert!(code == 2 && stderr.contains("is a template, not a parameter file"), "{stderr}");
}

/// `az` prints the same behind a level of its own.
#[test]
fn az_compiles_where_bicep_is_not_there() {
    let script = "
case \"$*\" in
  'bicep build --stdout --file main.bicep') /bin/cat template.json ;;
  'bicep build-params --stdout --file main.bicepparam')
    echo \"ERROR: $PWD/main.bicepparam(2,7) : Error BCP259: The parameter is not there.\" >&2; exit 1 ;;
esac";
    let place = Place::new("az").program("az", script);
    let (code, stdout, stderr) = place.run(&["template", "expand", "main.bicep", "--set", "name=st7"]);
    assert!(code == 0 && stdout.contains("st7"), "{stderr}");
    let (code, _, stderr) = place.run(&["template", "expand", "main.bicepparam"]);
    assert!(code == 2 && stderr.contains("--> main.bicepparam:2:7"), "{stderr}");
}

#[test]
fn without_a_compiler_it_says_what_to_install() {
    let place = Place::new("none");
    for arguments in [&["template", "expand", "main.bicep"][..], &["drill", "main.bicepparam"]] {
        let (code, _, stderr) = place.run(arguments);
        assert_eq!(code, 2);
        assert!(stderr.contains("is Bicep, and no compiler is installed"), "{stderr}");
        assert!(stderr.contains("aka.ms/bicep-install"), "{stderr}");
    }
    let (_, _, stderr) = place.run(&["template", "expand", "mian.bicep"]);
    assert!(stderr.contains("did you mean `main.bicep`?"), "{stderr}");
}

/// Ctrl-C ends the compiler with whatever it started, and the command with 130.
#[test]
fn ctrl_c_ends_the_compiler() {
    let place = Place::new("slow").program("bicep", "/bin/sleep 600 & echo $! > started; wait");
    let child = place.command(&["template", "expand", "main.bicep"]).stderr(Stdio::piped()).spawn().unwrap();
    let started = place.0.join("started");
    let id = loop {
        match std::fs::read_to_string(&started) {
            Ok(text) if text.ends_with('\n') => break text.trim().to_owned(),
            _ => std::thread::yield_now(),
        }
    };
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(130));
    assert!(String::from_utf8(out.stderr).unwrap().contains("stopped by Ctrl-C"));
    // What is dead and waits for somebody to ask counts as dead; dying takes a moment.
    let is_dead =
        || std::fs::read_to_string(format!("/proc/{id}/stat")).map_or(true, |state| state.contains(") Z "));
    assert!((0..1_000_000).any(|_| is_dead()), "{id} goes on");
}

#[test]
fn the_real_compiler_is_understood() {
    let here = Command::new("bicep").arg("--version").output();
    if !here.is_ok_and(|out| out.status.success()) {
        println!("SKIPPED: bicep is not installed, so only a stand-in was tried");
        return;
    }
    let place = Place::new("real");
    let source = "param name string\nparam unused string = ''\nresource store 'Microsoft.Storage/storageAccounts@2023-01-01' = {\n  name: name\n  location: 'westeurope'\n  kind: 'StorageV2'\n  sku: { name: 'Standard_LRS' }\n}\n";
    std::fs::write(place.0.join("main.bicep"), source).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
        let out = command.args(arguments).current_dir(&place.0).output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    let (code, stdout, stderr) = run(&["template", "expand", "main.bicepparam"]);
    assert!(code == Some(0) && stdout.contains("st1"), "{stderr}");
    std::fs::write(place.0.join("main.bicep"), source.replace("name: name", "name: nmae")).unwrap();
    let (code, _, stderr) = run(&["template", "expand", "main.bicep"]);
    assert!(code == Some(2) && stderr.contains("--> main.bicep:4:9"), "{stderr}");
}
