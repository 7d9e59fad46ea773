//! terraform as a peer: it plans graphs too, and many know how long that takes.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::layers;
use crate::process::{Folder, Probe, Usage};

/// Set on machines that mirror providers; a mirror that is not there would stop `init`.
const VARIABLE: &str = "TF_CLI_CONFIG_FILE";

/// A configuration in a folder of its own.
pub(crate) struct Terraform(Folder);

impl Terraform {
    /// Whether terraform is installed.
    pub(crate) fn is_here() -> bool {
        let mut command = Command::new("terraform");
        command.arg("version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// So many resources in ten layers, initialised: that is not measured.
    pub(crate) fn new(count: usize) -> Result<Self> {
        let folder = Folder::new(&format!("terraform-{count}"))?;
        std::fs::write(folder.0.join("main.tf"), layers::terraform(count))?;
        let status = Command::new("terraform")
            .args(["init", "-input=false", "-no-color"])
            .current_dir(&folder.0)
            .env_remove(VARIABLE)
            .stdout(Stdio::null())
            .status()
            .context("cannot start terraform")?;
        ensure!(status.success(), "`terraform init` failed");
        Ok(Self(folder))
    }

    /// Plans once.
    pub(crate) fn plan(&self) -> Result<Usage> {
        let arguments = ["plan", "-input=false", "-no-color"];
        Probe::program("terraform")?.with(&arguments).within(&self.0.0).without_variable(VARIABLE).run()
    }
}
