use super::*;

#[track_caller]
fn becomes(html: &str, expected: &str) {
    let result = sanitised(html);
    assert_eq!(result.as_deref().unwrap_or_default(), expected, "{html}");
    // What came out passes as it is.
    if let Some(result) = result {
        assert_eq!(sanitised(&result).as_ref(), Some(&result), "{html}");
    }
}

#[test]
fn what_people_copy_stays() {
    for html in [
        "plain &amp; simple &lt;b&gt; ä 😀",
        "<p><b>bold</b> <i>and</i> <u>more</u></p>",
        r#"<a href="https://example.org/?a=1&amp;b=2">link</a>"#,
        r#"<table border="1"><tbody><tr><td colspan="2">1</td></tr></tbody></table>"#,
        r#"<span style="color: rgb(1, 2, 3); font-family: 'Times New Roman', serif">x</span>"#,
        r#"<img src="data:image/png;base64,iVBORw0KGgo=" alt="dot">"#,
        "<ul><li>one</li><li>two</li></ul>",
        "<pre>if a &lt; b {\n\tc()\n}</pre>",
    ] {
        becomes(html, html);
    }
}

#[test]
fn nothing_runs() {
    becomes("<script>alert(1)</script>a", "a");
    becomes("<SCRIPT src=//x>alert('</b>')</ScRiPt >a", "a");
    becomes("<b onclick=alert(1) OnMouseOver='x'>a</b>", "<b>a</b>");
    becomes("<svg/onload=alert(1)>", "");
    becomes("<svg><svg/><script>x</script></svg>a", "a");
    becomes("<math><mtext></mtext></math>a", "a");
    becomes("<img src=x onerror=alert(1)>a", "a");
    for link in [
        "javascript:alert(1)",
        " JaVaScRiPt:alert(1)",
        "java&#115;cript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "file:///etc/passwd",
        r"\\server\share",
        "//server/share",
    ] {
        becomes(&format!("<a href=\"{link}\">a</a>"), "<a>a</a>");
    }
    becomes("<iframe src=https://a></iframe>a", "a");
    becomes("<object data=a><object></object><p>b</object>a", "a");
    becomes("<form action=https://a><input value=b><button>c</button></form>", "c");
    becomes("<meta http-equiv=refresh content='0;url=//a'><base href=//a>a", "a");
    becomes("<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">a", "\"&gt;a");
    becomes("<title><b></title>a<textarea></textarea><style>*{}</style><plaintext><b>", "a");
}

#[test]
fn nothing_is_fetched() {
    becomes("<img src=https://a/b.png>a", "a");
    becomes("<img src='data:image/svg+xml;base64,PHN2Zz4='>a", "a");
    becomes("<link rel=stylesheet href=//a>a", "a");
    becomes("<style>@import '//a'</style>a", "a");
    becomes("<body background=//a><table background=//b><td>a", "<table><td>a</td></table>");
    for style in [
        "background: url(https://a)",
        "background:u\\72l(//a)",
        "background-image: url('//a')",
        "list-style: url(//a)",
        "color: expression(alert(1))",
        "background: url&#40;//a)",
        "content: 'x'",
        "behavior: url(a.htc)",
        "font-family: 'a",
        "width: calc(1px)",
        "background: image-set('//a' 1x)",
        "position: fixed",
        "display: none",
    ] {
        becomes(&format!("<b style=\"{style}\">a</b>"), "<b>a</b>");
    }
    becomes("<b style='background:url(//a);color:red'>a</b>", "<b style=\"color: red\">a</b>");
}

#[test]
fn broken_markup_comes_out_whole() {
    becomes("<b>a<i>b</b>c</i>", "<b>a<i>b</i></b>c");
    becomes("a</b></div>b", "ab");
    becomes("1 < 2 > 0 <3", "1 &lt; 2 &gt; 0 &lt;3");
    becomes("a<!-- <b> -->b<!--> c --><!-- never", "ab c --&gt;");
    becomes("a<!doctype html><?xml x?>b", "ab");
    becomes("a<b title=\"never closed", "a");
    becomes("a<b", "a");
    becomes("a<p =x a'b=1 title='\"<'>b", "a<p title=\"&quot;&lt;\">b</p>");
    becomes("a\0b\u{1b}c", "abc");
    becomes("<div> \n </div>", "");
    becomes("", "");
}

#[test]
fn depth_and_size_have_bounds() {
    let deep = "<b>".repeat(100_000) + "x";
    let result = sanitised(&deep).unwrap();
    assert_eq!(result.len(), MAX_DEPTH * 7 + 1);
    assert_eq!(sanitised(&"< ".repeat(MAX_CLIPBOARD_HTML / 2)), None, "too large escaped");
    let long = "x".repeat(MAX_CLIPBOARD_HTML);
    assert_eq!(sanitised(&long).map(|html| html.len()), Some(MAX_CLIPBOARD_HTML));
    // Unended elements inside each other are looked at once each.
    for part in ["<svg>", "<svg", "<!---->", "<b", "<b a='", "</b", "<svg/>", "<![a", "<b a=b "] {
        assert_eq!(sanitised(&part.repeat(MAX_CLIPBOARD_HTML / part.len())), None, "{part}");
    }
}

#[test]
fn no_piece_of_markup_makes_it_let_something_through() {
    // Every sequence of four of these.
    let pieces = [
        "<",
        ">",
        "/",
        "\"",
        "'",
        "=",
        " ",
        "<b",
        "<img src=x onerror=y",
        "<script",
        "</script",
        "<!--",
        "-->",
        "<svg",
        "</svg>",
        "style",
        "ä",
        "&lt;",
    ];
    let mut html = String::new();
    for index in 0..pieces.len().pow(4) {
        html.clear();
        let mut rest = index;
        for _ in 0..4 {
            html.push_str(pieces[rest % pieces.len()]);
            rest /= pieces.len();
        }
        let Some(result) = sanitised(&html) else { continue };
        let harmless = !result.contains("<script")
            && !result.contains("<svg")
            && !result.contains("<!--")
            && !result.contains("<img");
        assert!(harmless, "{html} became {result}");
        assert_eq!(sanitised(&result).as_ref(), Some(&result), "{html}");
    }
}
