//! The protocol: messages of the editor in, answers out. One thread, one message after the other; texts are checked once
//! no further message is waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{self, Notification as _};
use lsp_types::request::{self, Request as _};
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CompletionItem, CompletionOptions,
    CompletionParams, CompletionResponse, CompletionTextEdit, DiagnosticSeverity, DiagnosticTag,
    DocumentFormattingParams, Hover, HoverContents, HoverParams, InitializeParams, Location, MarkupContent,
    MarkupKind, NumberOrString, OneOf, Position, PublishDiagnosticsParams, RenameParams, ServerCapabilities,
    TextDocumentPositionParams, TextDocumentSyncKind, TextEdit, Uri, WorkspaceEdit,
};
use portero_api::Plugin;
use portero_grammar::{Diagnostic, Severity, layout};
use serde_json::Value;

use super::document::{Document, Kind};
use super::page::{self, Page};
use super::{actions, check, complete, hover, names, outline};
use crate::registry;

/// Serves an editor until it says goodbye; the error is a sentence.
pub(super) fn serve(connection: &Connection) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let capabilities = serde_json::to_value(capabilities()).map_err(|e| said(&e))?;
    let params = connection.initialize(capabilities).map_err(|e| said(&e))?;
    let mut server = Server::new(connection, &params);
    loop {
        if connection.receiver.is_empty() {
            server.check_what_changed()?;
        }
        // a closed channel is an editor that has left
        let Ok(message) = connection.receiver.recv() else { return Ok(()) };
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request).map_err(|e| said(&e))? {
                    return Ok(());
                }
                let response = server.answer(request);
                connection.sender.send(response.into()).map_err(|e| said(&e))?;
            }
            Message::Notification(notification) => server.note(notification),
            Message::Response(_) => {}
        }
    }
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncKind::FULL.into()),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([" ", "(", ",", "%", "[", "!", "/"].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(true.into()),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(true.into()),
        ..ServerCapabilities::default()
    }
}

struct Server<'c> {
    connection: &'c Connection,
    /// The plugins that ship.
    plugins: Arc<[Plugin]>,
    open: BTreeMap<Uri, Open>,
    /// The files that are one configuration together, as the editor was told.
    together: Vec<String>,
    changed: BTreeSet<Uri>,
}

struct Open {
    document: Document,
    page: Page,
    version: i32,
    /// What was found in it last.
    found: Vec<Diagnostic>,
    /// The plugins that it may name: as of the last time that it had no mistakes, for scripts add to them.
    plugins: Arc<[Plugin]>,
}

impl<'c> Server<'c> {
    /// `initializationOptions.files` names the files of one configuration, in order, as `-f` does.
    fn new(connection: &'c Connection, params: &Value) -> Server<'c> {
        let options = serde_json::from_value::<InitializeParams>(params.clone()).ok();
        let options = options.and_then(|params| params.initialization_options).unwrap_or_default();
        let files = options["files"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let (open, changed) = (BTreeMap::new(), BTreeSet::new());
        Server {
            connection,
            plugins: registry::plugins().into(),
            open,
            together: files.map(full_path).collect(),
            changed,
        }
    }

    fn note(&mut self, notification: Notification) {
        match notification.method.as_str() {
            notification::DidOpenTextDocument::METHOD => {
                if let Some(params) = params::<notification::DidOpenTextDocument>(notification) {
                    let text = params.text_document;
                    self.open(text.uri, text.version, text.text);
                }
            }
            notification::DidChangeTextDocument::METHOD => {
                if let Some(mut params) = params::<notification::DidChangeTextDocument>(notification)
                    && let Some(change) = params.content_changes.pop()
                {
                    self.open(params.text_document.uri, params.text_document.version, change.text);
                }
            }
            notification::DidCloseTextDocument::METHOD => {
                if let Some(params) = params::<notification::DidCloseTextDocument>(notification) {
                    self.open.remove(&params.text_document.uri);
                    self.changed.remove(&params.text_document.uri);
                    self.publish(params.text_document.uri, None, Vec::new());
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, uri: Uri, version: i32, text: String) {
        let document = Document::new(path(&uri), text);
        let page = Page::new(&document);
        self.changed.insert(uri.clone());
        let plugins = self.open.get(&uri).map_or(&self.plugins, |open| &open.plugins).clone();
        self.open.insert(uri, Open { document, page, version, found: Vec::new(), plugins });
    }

    /// Checks the texts that changed since the last time, and those that are one configuration with them.
    fn check_what_changed(&mut self) -> Result<(), String> {
        while let Some(uri) = self.changed.pop_first() {
            let Some(open) = self.open.get(&uri) else { continue };
            let others = self.configuration(&open.document);
            let (uris, found) = match others.is_empty() {
                true => (vec![Some(uri.clone())], check::check(&[&open.document])),
                false => {
                    let documents: Vec<&Document> = others.iter().map(|(_, document)| document).collect();
                    (others.iter().map(|(uri, _)| uri.clone()).collect(), check::check(&documents))
                }
            };
            for (uri, said) in uris.into_iter().zip(found.said).filter_map(|(uri, said)| Some((uri?, said))) {
                self.changed.remove(&uri);
                let Some(open) = self.open.get_mut(&uri) else { continue };
                if let Some(plugins) = &found.plugins {
                    open.plugins = plugins.clone();
                }
                open.found = said;
                let diagnostics = open.found.iter().map(|d| shown(&open.document, d)).collect();
                let version = open.version;
                self.publish(uri, Some(version), diagnostics);
            }
        }
        Ok(())
    }

    /// The files that a text is one configuration with, itself among them; open ones as they are in the editor.
    fn configuration(&self, document: &Document) -> Vec<(Option<Uri>, Document)> {
        if document.kind == Kind::Rules || !self.together.contains(&document.path) {
            return Vec::new();
        }
        let texts = self.together.iter().filter_map(|path| {
            match self.open.iter().find(|(_, open)| open.document.path == *path) {
                Some((uri, open)) => Some((Some(uri.clone()), open.document.clone())),
                None => Some((None, Document::new(path, std::fs::read_to_string(path).ok()?))),
            }
        });
        texts.collect()
    }

    fn publish(&self, uri: Uri, version: Option<i32>, diagnostics: Vec<lsp_types::Diagnostic>) {
        let params = PublishDiagnosticsParams { uri, diagnostics, version };
        let method = notification::PublishDiagnostics::METHOD.to_owned();
        // an editor that has left is noticed where its next message is waited for
        drop(self.connection.sender.send(Notification::new(method, params).into()));
    }

    fn answer(&self, request: Request) -> Response {
        let id = request.id.clone();
        let answer = match request.method.as_str() {
            request::Completion::METHOD => ask::<request::Completion>(request, |p| self.complete(&p)),
            request::HoverRequest::METHOD => ask::<request::HoverRequest>(request, |p| self.hover(&p)),
            request::GotoDefinition::METHOD => ask::<request::GotoDefinition>(request, |p| {
                Some(self.places(&p.text_document_position_params, names::declarations)?.into())
            }),
            request::References::METHOD => ask::<request::References>(request, |p| {
                self.places(&p.text_document_position, |page, name| match name.of {
                    names::Of::Acl => names::places_of_acl(page, name),
                    _ => names::declarations(page, name),
                })
            }),
            request::Rename::METHOD => {
                ask::<request::Rename>(request, |p| self.rename(&p)).and_then(|answer| {
                    let why = "only ACLs can be renamed, to letters, digits, '-', '_', '.' and ':'";
                    if answer.is_null() {
                        Err((ErrorCode::InvalidParams, why.to_owned()))
                    } else {
                        Ok(answer)
                    }
                })
            }
            request::DocumentSymbolRequest::METHOD => ask::<request::DocumentSymbolRequest>(request, |p| {
                let open = self.open.get(&p.text_document.uri)?;
                Some(outline::outline(&open.document, &open.page).into())
            }),
            request::Formatting::METHOD => ask::<request::Formatting>(request, |p| self.format(&p)),
            request::CodeActionRequest::METHOD => {
                ask::<request::CodeActionRequest>(request, |p| self.fixes(&p))
            }
            other => Err((ErrorCode::MethodNotFound, format!("'{other}' is not known here"))),
        };
        match answer {
            Ok(value) => Response::new_ok(id, value),
            Err((code, why)) => Response::new_err(id, code as i32, why),
        }
    }

    /// The text of a request, and the byte that it is about.
    fn at(&self, params: &TextDocumentPositionParams) -> Option<(&Open, usize)> {
        let open = self.open.get(&params.text_document.uri)?;
        Some((open, open.document.offset(params.position)))
    }

    fn complete(&self, params: &CompletionParams) -> Option<CompletionResponse> {
        let (open, offset) = self.at(&params.text_document_position)?;
        let found = complete::complete(&open.document, &open.page, offset, &open.plugins);
        let item = |s: complete::Suggestion| CompletionItem {
            kind: Some(s.icon),
            detail: Some(s.detail).filter(|detail| !detail.is_empty()),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(
                open.document.range(s.range),
                s.label.clone(),
            ))),
            label: s.label,
            ..CompletionItem::default()
        };
        Some(CompletionResponse::Array(found.into_iter().map(item).collect()))
    }

    fn hover(&self, params: &HoverParams) -> Option<Hover> {
        let (open, offset) = self.at(&params.text_document_position_params)?;
        let (value, range) = hover::hover(&open.document, &open.page, offset, &open.plugins)?;
        let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
        Some(Hover { contents, range: Some(open.document.range(range)) })
    }

    fn places(
        &self,
        params: &TextDocumentPositionParams,
        find: impl Fn(&Page, &names::Name<'_>) -> Vec<std::ops::Range<usize>>,
    ) -> Option<Vec<Location>> {
        let (open, offset) = self.at(params)?;
        let name = names::name_at(&open.document, &open.page, offset)?;
        let place = |range| Location::new(params.text_document.uri.clone(), open.document.range(range));
        Some(find(&open.page, &name).into_iter().map(place).collect())
    }

    fn rename(&self, params: &RenameParams) -> Option<WorkspaceEdit> {
        let (open, offset) = self.at(&params.text_document_position)?;
        let name = names::name_at(&open.document, &open.page, offset)?;
        if name.of != names::Of::Acl || !names::is_acl_name(&params.new_name) {
            return None;
        }
        let edit = |range| TextEdit::new(open.document.range(range), params.new_name.clone());
        let edits = names::places_of_acl(&open.page, &name).into_iter().map(edit).collect();
        Some(WorkspaceEdit::new([(params.text_document_position.text_document.uri.clone(), edits)].into()))
    }

    fn format(&self, params: &DocumentFormattingParams) -> Option<Vec<TextEdit>> {
        let document = &self.open.get(&params.text_document.uri)?.document;
        if document.kind == Kind::Toml {
            return None;
        }
        let new = layout(&document.text);
        let all = document.range(0..document.text.len());
        Some(if new == document.text { Vec::new() } else { vec![TextEdit::new(all, new)] })
    }

    fn fixes(&self, params: &CodeActionParams) -> Option<Vec<CodeActionOrCommand>> {
        let uri = &params.text_document.uri;
        let open = self.open.get(uri)?;
        let wanted = |d: &&Diagnostic| {
            let range = shown(&open.document, d).range;
            range.start <= params.range.end && params.range.start <= range.end
        };
        let mut list = Vec::new();
        for diagnostic in open.found.iter().filter(wanted) {
            for fix in actions::fixes(&open.document, diagnostic) {
                let edit = TextEdit::new(open.document.range(fix.range), fix.text);
                list.push(CodeActionOrCommand::CodeAction(CodeAction {
                    title: fix.title,
                    kind: Some(CodeActionKind::QUICKFIX),
                    diagnostics: Some(vec![shown(&open.document, diagnostic)]),
                    edit: Some(WorkspaceEdit::new([(uri.clone(), vec![edit])].into())),
                    ..CodeAction::default()
                }));
            }
        }
        Some(list)
    }
}

/// Reads the parameters of a notification; what cannot be read is passed over, for nobody waits for an answer.
fn params<N: notification::Notification>(notification: Notification) -> Option<N::Params> {
    notification.extract(N::METHOD).ok()
}

/// Reads the parameters of a request and answers it; where there is nothing to say, with `null`.
fn ask<R: request::Request>(
    request: Request,
    answer: impl FnOnce(R::Params) -> R::Result,
) -> Result<Value, (ErrorCode, String)> {
    let params =
        serde_json::from_value(request.params).map_err(|e| (ErrorCode::InvalidParams, e.to_string()))?;
    serde_json::to_value(answer(params)).map_err(|e| (ErrorCode::InternalError, e.to_string()))
}

/// A message as editors show it.
fn shown(document: &Document, diagnostic: &Diagnostic) -> lsp_types::Diagnostic {
    let range = match diagnostic.span {
        Some(span) => document.range(page::range(span)),
        None => lsp_types::Range::new(Position::new(0, 0), Position::new(0, 0)),
    };
    let severity = match diagnostic.severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning | Severity::Lint => DiagnosticSeverity::WARNING,
        Severity::Note => DiagnosticSeverity::INFORMATION,
    };
    let name = diagnostic.lint.map(|lint| lint.name);
    let idle = name.is_some_and(|name| name.starts_with("unused-") || name.starts_with("unreachable-"));
    let help = diagnostic.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    lsp_types::Diagnostic {
        range,
        severity: Some(severity),
        code: name.map(|name| NumberOrString::String(name.to_owned())),
        source: Some("portero".to_owned()),
        message: format!("{}{help}", diagnostic.message),
        tags: idle.then(|| vec![DiagnosticTag::UNNECESSARY]),
        ..lsp_types::Diagnostic::default()
    }
}

/// The path of a text, or its address when it is no file.
fn path(uri: &Uri) -> String {
    let Some(path) = uri.as_str().strip_prefix("file://") else { return uri.as_str().to_owned() };
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let code =
            behind.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, code) {
            (b'%', Some(byte)) => (bytes.push(byte), rest = &behind[2..]).1,
            _ => (bytes.push(first), rest = behind).1,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A path as the editor names it: from the root.
fn full_path(path: &str) -> String {
    std::path::absolute(Path::new(path)).map_or_else(|_| path.to_owned(), |full| full.display().to_string())
}
