//! Where on the screen is what?

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::{below, chips, inset, notice, question, rows};
use crate::state::target::Target;
use crate::state::{Pane, State};

/// Narrower than this, nothing stands beside the conversation: the terminal has just become smaller than it was known.
const ROOMY: u16 = 63;
/// From this height on there is room for air and a second line.
const HIGH: u16 = 20;
/// Under this height the head is left out.
const LOW: u16 = 8;

/// The regions of the main view; those that have no room are empty.
#[derive(Debug)]
pub(super) struct Regions {
    /// All but the status line: what a view on the panes takes.
    pub view: Rect,
    /// With the line under it.
    pub header: Rect,
    pub conversations: Option<Rect>,
    pub conversation: Option<Rect>,
    pub sources: Option<Rect>,
    pub notice: Rect,
    pub rule_above: Rect,
    /// What the question is limited to.
    pub scope: Rect,
    pub question: Rect,
    /// What is wrong with it.
    pub fault: Rect,
    pub rule_below: Rect,
    pub status: Rect,
}

impl Regions {
    pub(super) fn of(area: Rect, state: &State) -> Self {
        let status = below(area, area.height.saturating_sub(1));
        let view = rows(area, 0, area.height.saturating_sub(1));
        let is_high = area.height >= HIGH;
        let header = rows(view, 0, if area.height < LOW { 0 } else { 2 });
        let rest = below(view, header.height);
        let rule_below = u16::from(is_high);
        let room = rest.height.saturating_sub(1 + rule_below);
        let most = (room / 2).max(1);
        let scope_rows = chips::height(state).min(most - 1);
        let fault_rows = question::fault_height(state, area.width).min(most - 1 - scope_rows);
        let text_rows = question::height(state, area.width).min(most - scope_rows - fault_rows);
        let question_rows = scope_rows + text_rows + fault_rows;
        // A notice stands where there is air, if there is any.
        let notice_rows = notice::height(state, area.width)
            .max(u16::from(is_high))
            .min(room - question_rows.min(room));
        let body_rows = room.saturating_sub(question_rows + notice_rows);
        let body = rows(rest, 0, body_rows);
        let notice = rows(rest, body_rows, notice_rows);
        let foot = below(rest, body_rows + notice_rows);
        let (conversations, conversation, sources) = panes(body, state);
        Self {
            view,
            header,
            conversations,
            conversation,
            sources,
            notice,
            rule_above: rows(foot, 0, 1),
            scope: rows(foot, 1, scope_rows),
            question: rows(foot, 1 + scope_rows, text_rows),
            fault: rows(foot, 1 + scope_rows + text_rows, fault_rows),
            rule_below: rows(foot, 1 + question_rows, rule_below),
            status,
        }
    }
}

impl Regions {
    /// Tells where the edges of the panes beside the conversation can be held: one column more on each side of the line is
    /// easier to hit.
    pub(super) fn mark_edges(&self, canvas: &mut Canvas<'_>) {
        let Some(middle) = self.conversation else { return };
        if let Some(area) = self.conversations {
            let edge = Rect { x: area.right().saturating_sub(1), width: 2, ..area };
            canvas.mark(edge, Target::Edge(Pane::Conversations));
        }
        if let Some(area) = self.sources.filter(|area| area.x > middle.x) {
            let edge = Rect { x: area.x.saturating_sub(1), width: 3, ..area };
            canvas.mark(edge, Target::Edge(Pane::Sources));
        }
    }
}

/// The conversations, the conversation and the sources: side by side as far as there is room. What has no room comes in
/// the conversation's place when it has the focus.
fn panes(body: Rect, state: &State) -> (Option<Rect>, Option<Rect>, Option<Rect>) {
    let mut middle = body;
    let is_roomy = body.width >= ROOMY;
    let conversations = state.conversations_width().filter(|_| is_roomy).map(|width| {
        let width = width.min(middle.width);
        let pane = Rect { width, ..middle };
        middle = inset(middle, width, 0);
        pane
    });
    let sources = state.sources_width().filter(|_| is_roomy).map(|width| {
        let pane = inset(middle, middle.width.saturating_sub(width), 0);
        middle.width = middle.width.saturating_sub(width);
        pane
    });
    match state.focus {
        Pane::Conversations if conversations.is_none() => (Some(middle), None, sources),
        Pane::Sources if sources.is_none() => (conversations, None, Some(middle)),
        _ => (conversations, Some(middle), sources),
    }
}
