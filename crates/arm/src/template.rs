//! ARM templates: reading, evaluating, expanding, finding mistakes.
//!
//! Start at [`Template::parse`] and [`expand()`]. The language is that of Azure Resource Manager's JSON templates
//! with its functions, loops, conditions, nested and linked deployments, and symbolic names. What only a
//! running deployment knows (`reference`, `list…`) stays in the result as [`Deferred`] and is finished by
//! [`resolve`]. Nothing here opens a file or reads a clock: [`Linked`] and [`Context`] bring what is needed.
//!
//! The core is here: a [`Template`], what it becomes (an [`Expansion`] of [`ExpandedResource`]s), the [`Context`] that it is deployed
//! into, and what is wrong with it (a [`Diagnostic`]). [`regions`] and [`lift`] read the same text for what ties it to one place;
//! [`secrets`], [`placeholder`] and [`links`] are for whoever shows templates, tries them out, or sends them as one file.
//!
//! Inside, arrows point down: `secrets` and `lift` stand on `expand`, `lift` on `regions` too; `regions` stands on `walk` and `language`,
//! `expand` on `language`, and that on the tree, the regions and what diagnostics have for all (`did_you_mean`).
//! Known gaps: extensible resources (other than Azure's), `apiProfile`, zones per subscription, loops whose count and templates
//! whose text only the run knows. Where the crate differs from other implementations, the repository's page of template
//! differences says why.

mod diagnostic;
mod expand;
mod hash;
mod key_vault;
mod language;
pub mod lift;
pub mod limits;
mod parameters;
pub mod placeholder;
pub mod regions;
pub mod secrets;
mod walk;

pub use diagnostic::{Diagnostic, Severity};
pub use expand::deferred::{Deferred, Reach, Step, resolve, resolve_known, resolve_output};
pub use expand::expansion::{
    Context, ExpandedResource, Expansion, Link, Linked, LinkedTemplate, NestedDeployment, NoLinks, Origin,
    Output, ResourceGroupInfo,
};
pub use expand::full::full_members;
pub use expand::links;
pub use expand::settle::Settled;
pub use expand::{expand, expand_given};
pub use hash::{TemplateHash, template_hash};
pub use language::scope::DeploymentScope;
pub use language::surroundings::Runtime;
pub use language::types::ParameterType;
pub use parameters::{ParameterDeclaration, ParameterValue, parse_parameters};

use std::sync::{Arc, OnceLock};

use serde_json::Value as Json;

use crate::tree::Node;
use diagnostic::Document;

/// A template that was read: its text, its tree and its declarations.
#[derive(Debug, Clone)]
pub struct Template {
    pub(crate) document: Document,
    parameters: Vec<ParameterDeclaration>,
    json: OnceLock<Arc<Json>>,
    scope: DeploymentScope,
}

impl Template {
    /// Reads a template. `file` is how diagnostics name it, and where relative links start.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let document = Document::parse(file, text).map_err(|diagnostic| vec![*diagnostic])?;
        let root = &document.root;
        let mut wrong = Vec::new();
        if root.members().is_none() {
            let message = format!("a template must be an object, is {}", root.kind_name());
            // A long list would be shown whole: where it begins is enough.
            let begins = root.range.start..root.range.end.min(root.range.start + 1);
            let mut diagnostic = document.diagnostic("not-a-template", message, begins);
            diagnostic.hint = Some(
                "a template is one object with `$schema` and `resources`: name the file that holds it".into(),
            );
            return Err(vec![diagnostic]);
        }
        let schema = root.get("$schema").and_then(Node::as_str).unwrap_or_default();
        if !schema.to_ascii_lowercase().contains("deploymenttemplate") && root.get("resources").is_none() {
            let message = "neither `$schema` nor `resources` tell that this is a template".to_owned();
            let begins = root.range.start..root.range.start + 1;
            let mut diagnostic = document.diagnostic("not-a-template", message, begins);
            if gives_parameters(root) {
                diagnostic.code = "parameter-file";
                "this is a parameter file, not a template".clone_into(&mut diagnostic.message);
                diagnostic.hint = Some("name the template, and give this file as its parameters".to_owned());
            }
            wrong.push(diagnostic);
        }
        for (key, wanted) in
            [("parameters", true), ("variables", true), ("outputs", true), ("resources", false)]
        {
            let Some(node) = root.get(key) else { continue };
            let fits = node.members().is_some() || !wanted && node.elements().is_some();
            if !fits {
                let message = format!("`{key}` is {}", node.kind_name());
                wrong.push(document.diagnostic("not-a-template", message, node.range.clone()));
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let parameters = parameters::declarations(root);
        let scope = DeploymentScope::from_schema(schema);
        Ok(Self { document, parameters, json: OnceLock::new(), scope })
    }

    /// The same template, deployed to another level than its `$schema` tells.
    #[must_use]
    pub fn at(self, scope: DeploymentScope) -> Self {
        Self { scope, ..self }
    }

    /// The declared parameters in the order of the text.
    pub fn parameters(&self) -> impl Iterator<Item = &ParameterDeclaration> {
        self.parameters.iter()
    }

    /// The tree of the whole file.
    pub fn tree(&self) -> &Node {
        &self.document.root
    }

    /// The whole file as JSON, one for all who ask.
    pub fn json(&self) -> Arc<Json> {
        Arc::clone(self.json.get_or_init(|| Arc::new(self.tree().to_value())))
    }

    /// The text of the file.
    pub fn text(&self) -> &str {
        &self.document.text
    }

    /// The name of the file, as given.
    pub fn file(&self) -> &str {
        &self.document.file
    }

    /// The level that it deploys to.
    pub fn scope(&self) -> DeploymentScope {
        self.scope
    }
}

/// Whether a file gives parameters instead of declaring them.
fn gives_parameters(root: &Node) -> bool {
    let given = root.get("parameters").and_then(Node::members).unwrap_or_default();
    given.iter().any(|member| member.value.get("value").or(member.value.get("reference")).is_some())
}
