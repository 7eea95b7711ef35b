//! Does a question that goes on from another find what its own words ask for?

use std::fmt::Write as _;

use serde_json::Value;

use crate::docent::Docent;

/// Two questions, the file that the second is answered from, and what stands in its answer. Without a file, nothing
/// answers it; without words, it is enough that the file is the nearest.
const CONVERSATIONS: [(&str, &str, &str, &str); 30] = [
    (
        "What is the notice period if the tenant wants to leave early?",
        "And how long is it for the landlord?",
        "harbour-mill-lease.pdf",
        "",
    ),
    (
        "What is the notice period if the tenant wants to leave early?",
        "What compensation does it have to pay then?",
        "harbour-mill-lease.pdf",
        "two months",
    ),
    (
        "How loud may the mill be at night for the people who live next to it?",
        "And who keeps the roof in repair?",
        "harbour-mill-lease.pdf",
        "the roof",
    ),
    (
        "When were the bolts of P-401 tightened?",
        "And with how much torque?",
        "hx-65-200-manual.pdf",
        "120",
    ),
    (
        "How many starts an hour does P-402 have?",
        "Why did it start so often?",
        "station-4-log.md",
        "level sensor",
    ),
    (
        "What did the drug committee decide about praxifab?",
        "How often was it used?",
        "drug-committee-minutes.md",
        "four times",
    ),
    (
        "What did the drug committee decide about praxifab?",
        "And what do the fridge thermometers cost?",
        "drug-committee-minutes.md",
        "1,180",
    ),
    (
        "When is the next meeting of the drug committee?",
        "Who chairs it?",
        "drug-committee-minutes.md",
        "Achterberg (chair)",
    ),
    (
        "Which guideline was approved by the committee?",
        "And with how many votes?",
        "drug-committee-minutes.md",
        "seven votes",
    ),
    (
        "What happened to Mrs Abelard?",
        "Has her daughter been told?",
        "night-handover.txt",
        "Her daughter has been told",
    ),
    ("What happened to Mrs Abelard?", "And Mr Pettibone?", "night-handover.txt", "Pettibone"),
    (
        "How warm was the fridge for medicines at night?",
        "Where were the vaccines moved?",
        "night-handover.txt",
        "ward 5",
    ),
    (
        "How often does the compressor's dryer drain itself?",
        "And if it stops?",
        "compressor-notes.txt",
        "the float is stuck",
    ),
    (
        "When is the filter cartridge changed?",
        "Which part is it?",
        "compressor-notes.txt",
        "C-0558",
    ),
    (
        "Where is the key to the oil store?",
        "Is this oil also for the pumps?",
        "compressor-notes.txt",
        "NOT the oil for the pumps",
    ),
    (
        "Who owns the optical benches on the third floor?",
        "And who would pay for it from January 2025?",
        "harbour-mill-calls.md",
        "sail designer",
    ),
    (
        "What did Edwin Rudge say about the damp in the north wall?",
        "How much would the gutter cost?",
        "harbour-mill-calls.md",
        "3,800",
    ),
    (
        "What did Edwin Rudge say about the damp in the north wall?",
        "By when should it be done?",
        "harbour-mill-calls.md",
        "",
    ),
    (
        "What did the translation of the insurer's letter cost?",
        "And the opinion of counsel?",
        "matter-costs.txt",
        "1,150",
    ),
    (
        "What did counsel say about the partitions?",
        "And what does Irma Vole think of them?",
        "harbour-mill-calls.md",
        "",
    ),
    (
        "Wann wird der Kühlschrank abgetaut?",
        "Und wer ist dafür verantwortlich?",
        "kuehlkette.md",
        "Löwenzahn-Beck",
    ),
    (
        "How much is the budget of the cabinet renewal?",
        "And how much of it is spent?",
        "station-4-log.md",
        "41,350",
    ),
    (
        "What is the pressure in the compressor ring?",
        "Who complained about it?",
        "compressor-notes.txt",
        "the paint shop",
    ),
    (
        "What set points were agreed with the waterworks?",
        "When is the cut-over?",
        "station-4-log.md",
        "9 July",
    ),
    // What is complete is asked as it stands, wherever it leads.
    (
        "How much rent is due each year for the third floor since January 2024?",
        "What may the noise be at night by this lease?",
        "harbour-mill-lease.pdf",
        "45 decibels",
    ),
    (
        "How much rent is due each year for the third floor since January 2024?",
        "Where is the spare key of the controlled drugs cupboard?",
        "night-handover.txt",
        "in the safe",
    ),
    (
        "What happened to Mrs Abelard?",
        "What has to be changed after 2,000 hours? file:compressor",
        "compressor-notes.txt",
        "Filter cartridge",
    ),
    // What the documents do not say is not answered with what was said before.
    (
        "What is the pressure in the compressor ring?",
        "And who won the village fair in 1987?",
        "",
        "",
    ),
    ("Who chairs the drug committee?", "And what is the capital of Portugal?", "", ""),
    ("How many doses of tetanus vaccine are there?", "How loud may it be on Mars?", "", ""),
];

/// How many of them may fail, as two do: a pronoun whose noun stands in its own question, and a noun of two documents.
const MAY_FAIL: usize = 2;

#[test]
fn a_follow_up_is_answered_by_its_own_words() {
    let docent = Docent::with_fixtures();
    docent.json(["--ask", "Where is the key to the oil store?"]);
    let mut questions = String::new();
    for (first, second, ..) in CONVERSATIONS {
        writeln!(questions, "{first}\n{second}").unwrap();
    }
    let asked = ["--ask", "-", "--json", "--conversation", "last"];
    let printed = docent.run_with_input(asked, &questions);
    let answers: Vec<Value> =
        printed.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 2 * CONVERSATIONS.len(), "{}", printed.stderr);
    let seconds = answers.iter().skip(1).step_by(2);
    let mut failed = Vec::new();
    for ((_, question, file, words), answered) in CONVERSATIONS.into_iter().zip(seconds) {
        let is_from = |hit: &Value| hit["path"].as_str().unwrap().ends_with(file);
        let is_refused = answered["abstained"].as_bool().unwrap();
        let is_right = match (file, words) {
            ("", _) => is_refused,
            (_, "") => answered["hits"].as_array().unwrap().iter().take(2).any(is_from),
            _ => {
                let cited = answered["citations"].as_array().unwrap().iter().any(is_from);
                !is_refused && cited && answered["answer"].as_str().unwrap().contains(words)
            }
        };
        if !is_right {
            failed.push(format!("{question} {} {}", answered["carried"], answered["answer"]));
        }
    }
    assert!(failed.len() <= MAY_FAIL, "{failed:#?}");
}

#[test]
fn what_a_question_is_taken_with_is_told() {
    let docent = Docent::with_fixtures();
    docent.json(["--ask", "Who owns the optical benches on the third floor?"]);
    let go_on = |question: &str| docent.run(["--ask", question, "--conversation", "1"]);
    let told = go_on("And who would pay for it from January 2025?").stderr;
    assert!(told.contains("taken with: optical benches, third floor · "), "{told}");
    // Another scope is another matter, and so is what is asked in full.
    for alone in ["And who pays for it? file:lease", "What is the term of this agreement?"] {
        let told = go_on(alone).stderr;
        assert!(!told.contains("taken with"), "{told}");
    }
}
