//! HTML: written anew from what is on a list, so that nothing runs and nothing is
//! fetched, whatever was sent.
//!
//! No tree is built: memory is that of the result and of the names of the elements
//! that are open, and the time is in proportion to the length.

use gc_proto::MAX_CLIPBOARD_HTML;

/// Elements that are kept, with the attributes of [`GENERAL`] and of [`attributes`].
const KEPT: [&str; 58] = [
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "wbr",
];
const VOID: [&str; 5] = ["br", "col", "hr", "img", "wbr"];
/// Elements that go with everything in them. Of any other only the tags go.
const DROPPED: [&str; 18] = [
    "applet",
    "audio",
    "canvas",
    "iframe",
    "math",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "plaintext",
    "script",
    "select",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
    "video",
];
/// Of those: the ones in which a tag is text.
const RAW: [&str; 9] = [
    "iframe",
    "noembed",
    "noframes",
    "noscript",
    "plaintext",
    "script",
    "style",
    "textarea",
    "title",
];
const GENERAL: [&str; 5] = ["align", "dir", "lang", "style", "title"];
/// Properties of a style that are kept, and all that begin with one and a hyphen.
const PROPERTIES: [&str; 17] = [
    "background",
    "background-color",
    "border",
    "color",
    "direction",
    "font",
    "height",
    "letter-spacing",
    "line-height",
    "list-style-type",
    "margin",
    "padding",
    "text",
    "vertical-align",
    "white-space",
    "width",
    "word-spacing",
];
const FUNCTIONS: [&str; 4] = ["rgb", "rgba", "hsl", "hsla"];
/// Elements inside each other; the tags of deeper ones are left out.
const MAX_DEPTH: usize = 200;

fn attributes(element: &str) -> &'static [&'static str] {
    match element {
        "a" => &["href"],
        "img" => &["src", "alt", "width", "height"],
        "font" => &["color", "face", "size"],
        "ol" | "li" | "ul" => &["start", "type", "value"],
        "table" => &["bgcolor", "border", "cellpadding", "cellspacing", "width"],
        "td" | "th" | "tr" => {
            &["bgcolor", "colspan", "rowspan", "valign", "width", "height", "nowrap"]
        }
        "col" | "colgroup" => &["span", "width"],
        _ => &[],
    }
}

/// The fragment with what is harmless in it; `None` when that shows nothing, or is too
/// large.
pub(crate) fn sanitised(html: &str) -> Option<String> {
    let mut writer =
        Writer { out: String::with_capacity(html.len()), open: Vec::new(), shows: false };
    let mut rest = html;
    while !rest.is_empty() && writer.out.len() <= MAX_CLIPBOARD_HTML {
        let Some(at) = rest.find('<') else {
            writer.text(rest);
            break;
        };
        writer.text(&rest[..at]);
        rest = &rest[at..];
        rest = if let Some(comment) = rest.strip_prefix("<!--") {
            after_comment(comment)
        } else if rest.starts_with("<!") || rest.starts_with("<?") {
            after(rest, '>')
        } else if let Some((tag, more)) = Tag::read(rest) {
            if tag.closes {
                writer.close(&tag.name);
                more
            } else if DROPPED.contains(&tag.name.as_str()) {
                after_element(&tag.name, more)
            } else {
                writer.open(&tag);
                more
            }
        } else if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') {
            // A tag without an end: nothing of it is text.
            ""
        } else {
            writer.text("<");
            &rest[1..]
        };
    }
    writer.finish()
}

fn after(text: &str, end: char) -> &str {
    text.find(end).map_or("", |at| &text[at + end.len_utf8()..])
}

fn after_comment(comment: &str) -> &str {
    // Two short forms end a comment at once.
    if let Some(rest) = comment.strip_prefix('>').or_else(|| comment.strip_prefix("->")) {
        return rest;
    }
    comment.find("-->").map_or("", |at| &comment[at + 3..])
}

/// What follows the end of an element that has just begun.
fn after_element<'a>(name: &str, mut rest: &'a str) -> &'a str {
    if name == "plaintext" {
        return "";
    }
    let raw = RAW.contains(&name);
    let mut depth = 1;
    while depth > 0 {
        let Some(at) = rest.find('<') else { return "" };
        rest = &rest[at..];
        let closes = rest[1..].starts_with('/');
        let tag = &rest[if closes { 2 } else { 1 }..];
        let same = tag.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
            && !tag[name.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        if same && closes {
            depth -= 1;
            rest = after(rest, '>');
        } else {
            let again = same && !raw;
            // Looked for nearby only: an end that is far away, time and again, would cost
            // the square of the length.
            let near = &rest.as_bytes()[..rest.len().min(512)];
            let end = near.iter().position(|byte| *byte == b'>');
            let empty = again && end.is_some_and(|end| near[end - 1] == b'/');
            depth += usize::from(again && !empty);
            rest = &rest[1..];
        }
    }
    rest
}

struct Tag<'a> {
    name: String,
    closes: bool,
    /// Names in lower case, values as they stand.
    attributes: Vec<(String, &'a str)>,
}

impl<'a> Tag<'a> {
    /// The tag at the start of `text`, and what follows it.
    fn read(text: &'a str) -> Option<(Self, &'a str)> {
        let inside = text.strip_prefix('<')?;
        let closes = inside.starts_with('/');
        let inside = if closes { &inside[1..] } else { inside };
        if !inside.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let space = |c: char| c.is_ascii_whitespace() || c == '/';
        let end = inside.find(|c: char| space(c) || c == '>')?;
        let mut tag =
            Self { name: inside[..end].to_ascii_lowercase(), closes, attributes: Vec::new() };
        let mut rest = inside[end..].trim_start_matches(space);
        while !rest.starts_with('>') {
            // An equals sign in the first place is part of a name.
            let first = rest.chars().next()?.len_utf8();
            let named = |c: char| space(c) || c == '>' || c == '=';
            let end = first + rest[first..].find(named)?;
            let name = rest[..end].to_ascii_lowercase();
            rest = rest[end..].trim_start_matches(|c: char| c.is_ascii_whitespace());
            let mut value = "";
            if let Some(more) = rest.strip_prefix('=') {
                rest = more.trim_start_matches(|c: char| c.is_ascii_whitespace());
                let quote = rest.chars().next()?;
                if quote == '"' || quote == '\'' {
                    let end = 1 + rest[1..].find(quote)?;
                    value = &rest[1..end];
                    rest = &rest[end + 1..];
                } else {
                    let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '>')?;
                    value = &rest[..end];
                    rest = &rest[end..];
                }
            }
            if tag.attributes.len() < 64 {
                tag.attributes.push((name, value));
            }
            rest = rest.trim_start_matches(space);
        }
        Some((tag, &rest[1..]))
    }
}

struct Writer {
    out: String,
    open: Vec<&'static str>,
    /// There is text, or a picture.
    shows: bool,
}

impl Writer {
    /// Text as it stands: characters that are written as entities stay entities, which
    /// never become markup.
    fn text(&mut self, text: &str) {
        self.shows |= !text.trim().is_empty();
        for c in text.chars() {
            match c {
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                c if c.is_control() && !matches!(c, '\n' | '\t' | '\r') => {}
                c => self.out.push(c),
            }
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        let Some(name) = KEPT.into_iter().find(|kept| *kept == tag.name) else { return };
        let void = VOID.contains(&name);
        if !void && self.open.len() >= MAX_DEPTH {
            return;
        }
        let mut written: Vec<&str> = Vec::new();
        let start = self.out.len();
        self.out.push('<');
        self.out.push_str(name);
        for (attribute, value) in &tag.attributes {
            let listed = GENERAL.contains(&attribute.as_str())
                || attributes(name).contains(&attribute.as_str());
            if !listed || written.contains(&attribute.as_str()) {
                continue;
            }
            match attribute.as_str() {
                "href" if !is_link(value) => {}
                "src" if !is_inline_picture(value) => {}
                "style" => {
                    let style = style(value);
                    if !style.is_empty() {
                        self.attribute("style", &style);
                    }
                }
                _ => self.attribute(attribute, value),
            }
            written.push(attribute);
        }
        if name == "img" {
            // A picture that would have to be fetched shows nothing.
            if !self.out[start..].contains(" src=\"") {
                self.out.truncate(start);
                return;
            }
            self.shows = true;
        }
        self.out.push('>');
        if !void {
            self.open.push(name);
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        for c in value.chars() {
            match c {
                '"' => self.out.push_str("&quot;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                c if c.is_control() => {}
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    /// Ends the innermost element of this name, and those inside it.
    fn close(&mut self, name: &str) {
        let Some(at) = self.open.iter().rposition(|open| *open == name) else { return };
        self.close_to(at);
    }

    fn close_to(&mut self, depth: usize) {
        for name in self.open.drain(depth..).rev() {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
    }

    fn finish(mut self) -> Option<String> {
        self.close_to(0);
        let out = self.out.trim();
        (self.shows && out.len() <= MAX_CLIPBOARD_HTML).then(|| out.to_owned())
    }
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether following it is all that can happen, and a person does that. Written in
/// another way, with entities for instance, it is not believed.
fn is_link(value: &str) -> bool {
    let value = value.trim();
    ["http://", "https://", "mailto:"].into_iter().any(|scheme| starts_with(value, scheme))
}

/// Whether the picture is here already.
fn is_inline_picture(value: &str) -> bool {
    let value = value.trim();
    ["png", "jpeg", "gif"].into_iter().any(|kind| {
        let prefix = format!("data:image/{kind};base64,");
        starts_with(value, &prefix)
            && value[prefix.len()..]
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
    })
}

/// The declarations that only change how text looks.
fn style(value: &str) -> String {
    let value = value.replace("&quot;", "'").replace("&#39;", "'").replace("&apos;", "'");
    let mut kept = String::new();
    for declaration in value.split(';') {
        let Some((property, value)) = declaration.split_once(':') else { continue };
        let (property, value) = (property.trim().to_ascii_lowercase(), value.trim());
        let listed = PROPERTIES.into_iter().any(|listed| {
            property == listed
                || property.strip_prefix(listed).is_some_and(|rest| rest.starts_with('-'))
        });
        if listed && !property.ends_with("-image") && is_plain_value(value) {
            if !kept.is_empty() {
                kept.push_str("; ");
            }
            kept.push_str(&property);
            kept.push_str(": ");
            kept.push_str(&value.replace('"', "'"));
        }
    }
    kept
}

/// Whether it holds words, numbers and colours and nothing that could be an address.
fn is_plain_value(value: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || " #%.,-_'\"()!+".contains(c);
    let quotes = value.matches(['\'', '"']).count();
    value.len() <= 256
        && quotes.is_multiple_of(2)
        && value.chars().all(plain)
        && value.match_indices('(').all(|(at, _)| {
            let name = value[..at].rsplit(|c: char| !c.is_ascii_alphanumeric()).next();
            name.is_some_and(|name| FUNCTIONS.iter().any(|f| f.eq_ignore_ascii_case(name)))
        })
}

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
