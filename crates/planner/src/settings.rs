//! What the owner says about components: each service's own section of the workload file, and what it comes to.
//!
//! Here: the form of a section, its entries, the settings of a workload's components. Not here: what any of it means
//! (`services/NAME/settings.rs`), how a file is read (`workload/`).

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::service::Service;
use crate::services::{service_for, services};
use crate::topology::{Component, Workload, shared_name};
use crate::workload::{ComponentName, Fields, Reader};

/// What the owner wants of one component, in the words of its service.
pub trait Setting: Any + fmt::Debug + Send + Sync {}

/// A service's section of the workload file: a list, one entry for each component that there is something to say about.
/// Without it nothing is said.
#[derive(Debug)]
pub struct Section {
    /// Its key in the file: `serviceBus`.
    pub key: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// What one entry says.
    pub entry: &'static str,
    /// The fields of an entry, in the order of the manual. The first one names the component.
    pub fields: &'static [&'static str],
    /// Those that must be there.
    pub required: &'static [&'static str],
    /// An entry with every field, as YAML in one line: for tests, and for whoever wonders what one looks like.
    pub example: &'static str,
    /// The fields as JSON Schema, by name.
    pub schema: fn() -> Value,
    /// Reads an entry, its first field aside: notes what is wrong with it, or makes a setting of it.
    pub read: fn(&Fields<'_>, &mut Reader) -> Option<Arc<dyn Setting>>,
    /// What holds where there is a template alone, and no file to say anything. None: what holds without an entry.
    pub unasked: Option<Unasked>,
}

/// What holds for components with a counterpart where there is no workload file to ask.
#[derive(Debug)]
pub struct Unasked {
    /// The setting.
    pub setting: fn() -> Arc<dyn Setting>,
    /// How it is told, among the other assumptions.
    pub says: &'static str,
}

/// One entry of a section.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The section.
    pub section: &'static Section,
    /// Its place in the section's list, counted from 0.
    pub index: usize,
    /// Whom it is about: a component, or its resource in the primary region.
    pub component: ComponentName,
    /// What it says.
    pub setting: Arc<dyn Setting>,
}

impl Entry {
    /// Where the component's name stands in the file, as JSON pointer.
    pub fn pointer(&self) -> String {
        format!("/{}/{}/{}", self.section.key, self.index, self.section.fields[0])
    }
}

/// The sections of all services, in the order of the file.
pub(crate) fn sections() -> impl Iterator<Item = &'static Section> {
    services().filter_map(Service::section)
}

/// Settings by component name. A component has one service, so it has one setting.
#[derive(Debug, Clone, Default)]
pub struct Settings(BTreeMap<String, Arc<dyn Setting>>);

impl Settings {
    /// What is wanted of a component, by the service whose setting `T` is.
    pub fn of<T: Setting>(&self, component: &str) -> Option<&T> {
        let setting: &dyn Any = &**self.0.get(component)?;
        setting.downcast_ref()
    }

    /// From now on this is wanted of a component.
    pub fn set(&mut self, component: &str, setting: Arc<dyn Setting>) {
        self.0.insert(component.to_owned(), setting);
    }

    /// What entries say about these components. The owner may name one by its own name, by its resource's in the
    /// primary region, or by what its two resources' names share: another resource of that name may have taken it for
    /// itself.
    pub(crate) fn resolve(entries: &[Entry], components: &[Component]) -> Self {
        let mut settings = Self::default();
        for component in components {
            let Some(section) = service_for(&component.kind).section() else { continue };
            let shared =
                component.secondary.as_ref().map(|id| shared_name(component.primary.name(), id.name()));
            let mut names =
                [Some(component.name.as_str()), Some(component.primary.name()), shared.as_deref()]
                    .into_iter()
                    .flatten();
            let about = |name: &str| {
                let of_section = entries.iter().filter(|entry| entry.section.key == section.key);
                of_section.into_iter().find(|entry| entry.component.as_str().eq_ignore_ascii_case(name))
            };
            if let Some(entry) = names.find_map(about) {
                settings.set(&component.name, Arc::clone(&entry.setting));
            }
        }
        settings
    }
}

impl Workload {
    /// Takes what services take where there is no workload file to ask. Answers what to tell about it.
    pub fn settle_unasked(&mut self) -> Vec<String> {
        let mut told: Vec<String> = Vec::new();
        for component in self.components.iter().filter(|component| component.secondary.is_some()) {
            let section = service_for(&component.kind).section();
            let Some(unasked) = section.and_then(|section| section.unasked.as_ref()) else { continue };
            self.settings.set(&component.name, (unasked.setting)());
            if !told.iter().any(|says| says == unasked.says) {
                told.push(unasked.says.to_owned());
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use lifeboat_arm::ResourceType;

    use super::*;

    #[derive(Debug)]
    struct Said(&'static str);
    impl Setting for Said {}

    fn component(kind: &str, name: &str, primary: &str, secondary: &str) -> Component {
        let id = |name: &str| {
            format!("/subscriptions/s/resourceGroups/g/providers/{kind}/{name}").parse().unwrap()
        };
        Component {
            name: name.to_owned(),
            kind: ResourceType::new(kind),
            primary: id(primary),
            secondary: Some(id(secondary)),
            replaced: None,
        }
    }

    #[test]
    fn an_entry_is_about_the_component_that_it_names_in_one_of_three_ways() {
        const BUS: &str = "Microsoft.ServiceBus/namespaces";
        let section = sections().next().unwrap();
        let named = |name: &str| Entry {
            section,
            index: 0,
            component: ComponentName::parse(name).unwrap(),
            setting: Arc::new(Said("so")),
        };
        // The second one could not be called `orders`: the first one is.
        let components = [
            component("Contoso.Things/things", "orders", "orders-a", "orders-b"),
            component(BUS, "orders-2", "orders-weu", "orders-neu"),
        ];
        for name in ["orders-2", "orders-weu", "orders", "Orders-WEU"] {
            let settings = Settings::resolve(&[named(name)], &components);
            assert_eq!(settings.of::<Said>("orders-2").map(|said| said.0), Some("so"), "{name}");
            assert!(settings.of::<Said>("orders").is_none(), "its service has no such section");
        }
        assert!(Settings::resolve(&[named("orders-neu")], &components).of::<Said>("orders-2").is_none());
    }
}
