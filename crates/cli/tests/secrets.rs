//! Values of secure types never leave the process: not into a file, not onto a screen.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// What nobody may see: given, a default, handed to a nested deployment, and in another writing (`xMARKER-given-1`).
const MARKERS: &[&str] = &["MARKER", "eE1BUktFUi1naXZlbi0x"];

#[test]
fn a_secret_is_in_no_file_and_in_no_output() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("secrets");
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    let drill = lifeboat(&folder, &["drill"], &["--report", "report"]);
    assert!(drill.contains("passed"), "{drill}");
    for output in ["table", "json"] {
        for kind in ["prepare", "failover", "failback"] {
            let saved = format!("{kind}-{output}.plan");
            let mut options = vec!["--save", &saved, "--output", output];
            options.extend(["--requests"].iter().filter(|_| output == "table"));
            let plan = lifeboat(&folder, &["plan", kind], &options);
            assert!(plan.contains("‹secure parameter password›") || output == "json", "{plan}");
        }
        lifeboat(&folder, &["assess"], &["--output", output]);
    }
    lifeboat(&folder, &["drill"], &["--output", "json"]);
    lifeboat(&folder, &["template", "expand"], &[]);
    lifeboat(&folder, &["template", "expand"], &["--output", "json"]);
    for format in ["dot", "svg"] {
        lifeboat(&folder, &["template", "expand"], &["--graph", format]);
    }
    lifeboat(&folder, &["drill"], &["--set", "settings=MARKER"]);
    ties_show_no_secret(&folder);
    let files = files_in(&folder);
    assert!(files.len() >= 10, "{files:?}");
    for file in files {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        is_clean(&file.display().to_string(), &text);
    }
}

/// What ties the template to a region is looked for beside secrets that name regions and hosts.
fn ties_show_no_secret(folder: &Path) {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/files/secrets/azuredeploy.json");
    let host = "https://MARKER.westeurope.blob.core.windows.net/?sig=MARKER";
    let values = format!(
        r#"{{ "parameters": {{ "password": {{ "value": "{host}" }}, "settings": {{ "value": {{ "pin": "{host}" }} }} }} }}"#
    );
    std::fs::write(folder.join("values.json"), values.replace("MARKER", "M4RKER")).unwrap();
    std::fs::write(folder.join("broken.json"), values.replace("MARKER", "M4RKER").replace('}', "")).unwrap();
    let run = |options: &[&str]| {
        let printed = lifeboat_on(folder, &["template", "regions"], &template, options);
        assert!(!printed.contains("M4RKER"), "{options:?}: {printed}");
    };
    // A secret in one line with what is lifted, in another writing than its own.
    let beside = r#"{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "parameters": { "key": { "type": "securestring", "defaultValue": "M\u0041RKER/M\/RKER" } }, "resources": [
        { "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-01-01", "name": "net", "location": "westeurope" } ] }"#;
    std::fs::write(folder.join("beside.json"), beside).unwrap();
    let printed = lifeboat_on(folder, &["template", "regions"], &folder.join("beside.json"), &["--fix"]);
    assert!(printed.contains("****") && !printed.contains("RKER"), "{printed}");
    std::fs::remove_file(folder.join("beside.json")).unwrap();
    for output in ["table", "json"] {
        run(&["--output", output]);
        run(&["--output", output, "--parameters", "values.json"]);
        run(&["--output", output, "--parameters", "broken.json"]);
        run(&["--output", output, "--fix", "--primary", "westeurope", "--parameters", "values.json"]);
    }
}

/// The usual pair `_artifactsLocation` and `_artifactsLocationSasToken`: the address of a linked template holds a key, as
/// its query or in its path, and an address that the template spells out does as well.
#[test]
fn the_address_of_a_linked_template_shows_no_key() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("secret-links");
    drop(std::fs::remove_dir_all(&folder));
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/files/secret-links");
    std::fs::create_dir_all(folder.join("nested")).unwrap();
    for file in ["azuredeploy.json", "nowhere.json", "nested/bus.json"] {
        std::fs::copy(files.join(file), folder.join(file)).unwrap();
    }
    let token =
        ["--set", "_artifactsLocationSasToken=?sv=2020&sig=MARKER-sas", "--set", "folder=MARKER-path"];
    let run = |command: &[&str], file: &str, more: &[&str]| {
        lifeboat_on(&folder, command, &folder.join(file), &[&token, more].concat())
    };
    let expected = "the link `https://x.example/‹secure value›/nested/bus.json` leads to the file";
    for (command, more) in [
        (["assess"].as_slice(), [].as_slice()),
        (&["assess"], &["--output", "json"]),
        (&["plan", "prepare"], &["--requests", "--save", "prepare.plan"]),
        (&["plan", "failover"], &["--output", "json", "--save", "failover.plan"]),
        (&["drill"], &["--report", "report"]),
        (&["drill"], &["--output", "json"]),
        (&["template", "expand"], &[]),
        (&["template", "expand"], &["--output", "json"]),
    ] {
        let printed = run(command, "azuredeploy.json", more);
        let tells = command != ["template", "expand"] && !more.contains(&"json");
        assert!(printed.contains(expected) || !tells, "{command:?}: {printed}");
        assert!(!printed.contains("error:"), "{command:?}: {printed}");
    }
    for command in [["assess"].as_slice(), &["plan", "prepare"], &["drill"], &["template", "expand"]] {
        let printed = run(command, "nowhere.json", &[]);
        let wanted = "the linked template `https://x.example/nowhere/at-all.json` is not there";
        assert!(printed.contains(wanted), "{command:?}: {printed}");
    }
    for file in files_in(&folder).iter().filter(|file| !file.ends_with("nowhere.json")) {
        is_clean(&file.display().to_string(), &String::from_utf8_lossy(&std::fs::read(file).unwrap()));
    }
}

/// Parameter files with mistakes: what is shown of them is where, and not what.
#[test]
fn a_mistake_in_a_parameter_file_shows_no_value() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("secret-mistakes");
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    let value = r#""password": { "value": "MARKER-1" }"#;
    let mistakes = [
        (format!(r#"{{ "parameters": {{ {value}, oops }} }}"#), "mistake.json:1:56"),
        (r#"{ "parameters": { "password": { "value": MARKER } } }"#.to_owned(), "mistake.json:1:42"),
        (r#"{ "parameters": { "password": { "value": "MAR"MARKER" } } }"#.to_owned(), "mistake.json:1:47"),
        (
            r#"{ "parameters": { "password": "MARKER" } }"#.to_owned(),
            "is given as a string, not as an object",
        ),
        (format!(r#"{{ "parameters": {{ {value}, "passwort": {{ "value": "MARKER" }} }} }}"#), "`passwort`"),
        (
            format!(r#"{{ "parameters": {{ {value}, "location": {{ "value": "westerope" }} }} }}"#),
            "westerope",
        ),
        // A value that does not fit its declaration is shown where it stands, and covered there if it is secret.
        (r#"{ "parameters": { "own": { "value": ["MARKER-2"] } } }"#.to_owned(), "mistake.json:1:37"),
        (
            format!(r#"{{ "parameters": {{ {value}, "namespaceName": {{ "value": 42 }} }} }}"#),
            "mistake.json:1:84",
        ),
    ];
    for (text, wanted) in mistakes {
        std::fs::write(folder.join("mistake.json"), &text).unwrap();
        let printed = lifeboat(&folder, &["drill"], &["--parameters", "mistake.json"]);
        assert!(printed.contains(wanted), "{text}\n{printed}");
    }
}

/// Mistakes in a template that spells out a secret, in another case than most: neither what is said nor the line that is shown
/// has it, nor what is made of it.
#[test]
fn a_mistake_in_a_template_shows_no_default() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("secret-defaults");
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    let cases = [
        (r#""MARKER-own""#, "[int(parameters('own'))]", "is no int"),
        (r#""MARKER-own""#, "[int(base64(parameters('own')))]", "`‹secure value›` is no int"),
        (r#""M\u0041RKER""#, "[int(parameters('own'))]", "is no int"),
        // What is wrong is the default itself.
        (r#"["MARKER-own"]"#, "plain", "own"),
    ];
    for (default, tag, wanted) in cases {
        let text = format!(
            r#"{{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
            "Parameters": {{ "own": {{ "TYPE": "SecureString", "DEFAULTVALUE": {default} }} }}, "resources": [
            {{ "type": "Microsoft.ServiceBus/namespaces", "apiVersion": "2024-01-01", "name": "orders-bus", "location": "westeurope",
               "sku": {{ "name": "Premium" }}, "tags": {{ "made": "{tag}" }} }} ] }}"#
        );
        std::fs::write(folder.join("main.json"), text).unwrap();
        for command in [["assess"].as_slice(), &["plan", "prepare"], &["drill"], &["template", "expand"]] {
            for output in ["table", "json"] {
                let printed = lifeboat_on(&folder, command, &folder.join("main.json"), &["--output", output]);
                assert!(printed.contains(wanted), "{command:?} {tag}: {printed}");
                for made in ["TUFSS0VSLW93b", "RKER"] {
                    assert!(!printed.contains(made), "{command:?} {tag}: {printed}");
                }
            }
        }
    }
}

/// Runs the binary on the template with its secrets, and gives what it printed.
fn lifeboat(folder: &Path, command: &[&str], options: &[&str]) -> String {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/files/secrets/azuredeploy.json");
    let given = ["--set", "password=MARKER-given-1", "--set", r#"settings={"pin": "MARKER-pin"}"#];
    lifeboat_on(folder, command, &template, &[&given, options].concat())
}

/// Runs the binary on a template, and gives what it printed, which holds no secret.
fn lifeboat_on(folder: &Path, command: &[&str], template: &Path, options: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_lifeboat"))
        .args(command)
        .arg(template)
        .args(options)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let printed =
        format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    is_clean(&command.join(" "), &printed);
    printed
}

fn is_clean(what: &str, text: &str) {
    for marker in MARKERS {
        let around = text.find(marker).map(|at| {
            let from = text.floor_char_boundary(at.saturating_sub(200));
            &text[from..at + marker.len()]
        });
        assert!(around.is_none(), "{what} holds a secret: …{}", around.unwrap_or_default());
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}
