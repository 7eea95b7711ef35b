//! Which sentences answer a question, word for word?

use tokio_util::sync::CancellationToken;

use super::{Answer, AnswerError, Answerer, Progress, Question, Quote};

pub struct QuoteAnswerer<'a>(&'a mut dyn crate::embed::Embed);
impl<'a> QuoteAnswerer<'a> {
    pub fn new(e: &'a mut dyn crate::embed::Embed) -> Self {
        Self(e)
    }
}
impl Answerer for QuoteAnswerer<'_> {
    fn name(&self) -> &'static str {
        "quotes"
    }
    fn answer(
        &mut self,
        q: &Question<'_>,
        _c: &CancellationToken,
        p: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Answer, AnswerError> {
        let v = self.0.embed_query(q.text).unwrap_or_default();
        let mut best = (f32::MIN, 0, 0..0, String::new());
        for e in q.evidence.iter().take(1) {
            for s in &e.sentences {
                let t = e.text.get(s.span.clone()).unwrap_or_default();
                let w = self.0.embed_passages(&[t]).unwrap_or_default().pop().unwrap_or_default();
                let d: f32 = v.iter().zip(&w).map(|(a, b)| a * b).sum::<f32>() + 0.3 * s.score;
                if d > best.0 {
                    best = (d, e.n, s.span.clone(), t.to_owned());
                }
            }
        }
        let text = format!("{} [{}]", best.3, best.1);
        p(Progress::Text(&text));
        Ok(Answer { text, quotes: vec![Quote { n: best.1, span: best.2 }], ..Default::default() })
    }
}
