//! "Did you mean …": the nearest of the known names.

/// The candidate that `given` was probably meant to be; none if nothing is near.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = given.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&folded, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len().max(given.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_forgiven_and_nonsense_is_not() {
        let known = ["objectives", "primary", "secondary"];
        assert_eq!(nearest("primry", known), Some("primary"));
        assert_eq!(nearest("Objective", known), Some("objectives"));
        assert_eq!(nearest("tunnel", known), None);
    }
}
