//! What is it that is drawn?

/// Makes the roles with their names in theme files.
macro_rules! roles {
    ($($role:ident $name:literal $description:literal,)+) => {
        /// What a stretch of the screen is to the reader.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Role {
            $(#[doc = $description] $role,)+
        }

        impl Role {
            pub const ALL: &'static [Self] = &[$(Self::$role,)+];

            /// The name that theme files use.
            pub fn name(self) -> &'static str {
                match self { $(Self::$role => $name,)+ }
            }
        }
    };
}

roles! {
    Text "text" "What is to be read.",
    Dim "dim" "What is said beside it.",
    Accent "accent" "The one colour that leads the eye.",
    Border "border" "A line between regions.",
    Title "title" "The title of a region.",
    Focus "focus" "The title of the region that keys go to.",
    Placeholder "placeholder" "What an empty line is for.",
    Key "key" "A key in a hint.",
    QuestionBar "question-bar" "The bar beside a question.",
    Question "question" "A question that was asked.",
    Citation "citation" "The number of a source in an answer.",
    Quoted "quoted" "The mark of a claim that stands in its source word for word.",
    Highlight "highlight" "A stretch of a passage that answers, or that is cited.",
    CitedBar "cited-bar" "The bar beside what is cited.",
    Excluded "excluded" "A source that is left out of the next questions.",
    Phrase "phrase" "Words of a question that must stand in a row.",
    Filter "filter" "What a question is limited to, or a command.",
    Without "without" "A word that must not stand in what is found.",
    Letter "letter" "A letter that was typed, in what it fits.",
    Hit "hit" "A hit of a search in a document.",
    CurrentHit "current-hit" "The hit that was gone to last.",
    Selected "selected" "What is chosen in a list.",
    Heading "heading" "A heading of an answer or a view.",
    Strong "strong" "Stressed words of an answer.",
    Emphasis "emphasis" "Words of an answer that are told apart.",
    Code "code" "Code in an answer.",
    CodeComment "code-comment" "What code says to its reader.",
    CodeString "code-string" "Text in code.",
    CodeNumber "code-number" "A number in code.",
    CodeKeyword "code-keyword" "A word of the language in code.",
    Cursor "cursor" "Where an answer is being written.",
    Progress "progress" "The part that is done.",
    Note "note" "Something that was done.",
    Error "error" "Something that could not be done.",
    Sealed "sealed" "The network is closed to docent.",
    Open "open" "The network is not closed to docent.",
}
