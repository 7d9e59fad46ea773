//! "Did you mean …": the nearest of the known names.

/// The candidate that `given` was probably meant to be; none if nothing is near.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = given.to_lowercase();
    let length = folded.chars().count();
    let forgiven = |candidate: &str| (candidate.len().max(given.len()) / 3).max(1);
    candidates
        .into_iter()
        // Each letter that one of them has more is a slip: most candidates need no further look.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= forgiven(candidate))
        .map(|candidate| (strsim::damerau_levenshtein(&folded, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= forgiven(candidate))
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
