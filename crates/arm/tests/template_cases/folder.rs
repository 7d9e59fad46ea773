//! The corpus as a folder: its files, which parameters belong to which, and what its links lead to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lifeboat_arm::template::{Link, Linked, LinkedTemplate};
use lifeboat_testdata::json_files;

/// Forks in the folder, and the repository that their templates name.
const FORKS: [(&str, &str); 1] =
    [("azure/azure-quickstart-templates", "anthony-c-martin/azure-quickstart-templates")];

/// The corpus with what is known of the origin of its files.
pub(crate) struct Folder {
    root: PathBuf,
    /// By repository and path inside it, both in lower case.
    origins: BTreeMap<(String, String), String>,
    /// Where each file comes from: an address that links may start at.
    addresses: BTreeMap<String, String>,
    /// By their names in lower case: links are written on systems that do not tell case.
    folded: BTreeMap<String, String>,
}

impl Folder {
    pub(crate) fn open(root: &Path) -> Self {
        let sources = std::fs::read_to_string(root.join("SOURCES.tsv")).unwrap();
        let (mut origins, mut addresses) = (BTreeMap::new(), BTreeMap::new());
        for line in sources.lines().skip(1) {
            let [file, repository, path, commit, ..] = line.split('\t').collect::<Vec<_>>()[..] else {
                continue;
            };
            let file = file.trim_start_matches("corpus/").to_owned();
            addresses.insert(
                file.clone(),
                format!("https://raw.githubusercontent.com/{repository}/{commit}/{path}"),
            );
            origins.insert((repository.to_lowercase(), path.to_lowercase()), file);
        }
        let paths = json_files(root);
        let relative = |path: PathBuf| path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let folded = paths.into_iter().map(relative).map(|file| (file.to_lowercase(), file)).collect();
        Self { root: root.to_owned(), origins, addresses, folded }
    }

    /// All files by their paths in the folder.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let sorted: BTreeSet<&str> = self.folded.values().map(String::as_str).collect();
        sorted.into_iter()
    }

    pub(crate) fn text(&self, file: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.root.join(file)).unwrap()).into_owned()
    }

    /// Where the folder of a file lies on the web: what stands for an unknown location of artifacts.
    pub(crate) fn artifacts(&self, file: &str) -> String {
        let address = self.addresses.get(file).map_or(file, String::as_str);
        address.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned() + "/"
    }

    /// The file of parameters that belongs to a template, if there is one.
    pub(crate) fn parameters_of(&self, file: &str) -> Option<&str> {
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let names = [
            format!("{stem}.parameters.json"),
            format!("{stem}.params.json"),
            format!("{stem}.param.json"),
            format!("{stem}-parameters.json"),
            format!("{}.parameters.json", stem.trim_end_matches(".template")),
            stem.to_lowercase().replace(".template", ".parameters") + ".json",
            "azuredeploy.parameters.json".to_owned(),
        ];
        let paths = names.map(|name| format!("{folder}/{name}").to_lowercase());
        let found = paths.iter().find_map(|path| self.folded.get(path)).map(String::as_str);
        found.filter(|found| *found != file)
    }

    /// A file by its address at the repository's host, whatever the branch.
    fn by_address(&self, address: &str) -> Option<&str> {
        let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
        let mut parts = rest.split('/').filter(|part| !part.is_empty());
        let host = parts.next()?.to_lowercase();
        let repository = format!("{}/{}", parts.next()?, parts.next()?).to_lowercase();
        let skipped = if host == "github.com" { 2 } else { 1 };
        let path: Vec<&str> = parts.skip(skipped).collect();
        let path = plain(&path.join("/")).to_lowercase();
        let fork = FORKS.iter().find(|(original, _)| *original == repository).map(|(_, fork)| *fork);
        [Some(repository.as_str()), fork]
            .into_iter()
            .flatten()
            .find_map(|repository| self.origins.get(&(repository.to_owned(), path.clone())))
            .map(String::as_str)
    }
}

impl Linked for Folder {
    fn load(&self, link: Link<'_>) -> Option<LinkedTemplate> {
        let address = link.to.split('?').next()?;
        let file = match self.by_address(address) {
            Some(file) => file,
            None => self.folded.get(&plain(address).to_lowercase())?,
        };
        // what it links to in turn starts where it lies on the web, as it would there
        let name = if address.contains("://") { address } else { file };
        Some(LinkedTemplate { file: name.to_owned(), text: self.text(file) })
    }
}

/// An address without escapes.
fn plain(address: &str) -> String {
    address.replace("%20", " ")
}
