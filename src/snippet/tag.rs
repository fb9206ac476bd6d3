//! The tag: checked when it is made, written as Partnero's guide has it.

use std::{fmt, sync::Arc};

use crate::{model::is_program_id, snippet::SnippetError};

/// The longest nonce. 16 random bytes are 24 characters.
const MAX_NONCE: usize = 256;

/// What comes before the program's id, but for `<script` and its attributes.
const BEFORE_ID: &str = r#">
    (function(p,t,n,e,r,o){ p['__partnerObject']=r;function f(){
    var c={ a:arguments,q:[]};var r=this.push(c);return "number"!=typeof r?r:f.bind(c.q);}
    f.q=f.q||[];p[r]=p[r]||f.bind(f.q);p[r].q=p[r].q||f.q;o=t.createElement(n);
    var _=t.getElementsByTagName(n)[0];o.async=1;o.src=e+'?v'+(~~(new Date().getTime()/1e6));
    _.parentNode.insertBefore(o,_);})(window, document, 'script', 'https://app.partnero.com/js/universal.js', 'po');
    po('settings', 'assets_host', 'https://assets.partnero.com');
    po('program', '"#;

const AFTER_ID: &str = "', 'load');\n</script>";

/// The tag that loads Partnero's script, `PartneroJS`: display it before `</head>` on all pages.
///
/// It is safe HTML, whatever it was made of: what isn't safe is refused. Cheap to clone; keep it in your router's state.
/// Template engines escape what they are given, so tell them to leave it alone: `{{ snippet|safe }}` in askama,
/// `(maud::PreEscaped(snippet.to_string()))` in maud. See [the module](crate::snippet) for others, and for pages with a
/// Content-Security-Policy.
///
/// ```
/// use axum_partnero::Snippet;
///
/// # fn main() -> Result<(), axum_partnero::snippet::SnippetError> {
/// let snippet = Snippet::new("KHV3KEHI")?;
/// assert!(snippet.to_string().ends_with("po('program', 'KHV3KEHI', 'load');\n</script>"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Snippet {
    program_id: Arc<str>,
    nonce: Option<Arc<str>>,
}

impl Snippet {
    /// The sources that a Content-Security-Policy must allow, as far as is known. They are the hosts that the tag names.
    ///
    /// - `script-src`: the tag loads the script from `https://app.partnero.com`. That the script loads another one, with
    ///   the program's settings, from `https://assets.partnero.com` is a guess: the tag calls that its `assets_host`.
    /// - `connect-src` and `img-src`: a guess. Partnero doesn't say how its script reports a visit, nor to whom.
    ///
    /// The script may reach for more: look at your browser's console, or have violations reported.
    pub const CSP_SOURCES: &str = "https://app.partnero.com https://assets.partnero.com";

    /// The tag of a program, by its public id: 8 letters or digits, as in the tag that Partnero's dashboard shows.
    ///
    /// # Errors
    /// When the id is anything else. White space around it counts.
    pub fn new(program_id: impl AsRef<str>) -> Result<Self, SnippetError> {
        let program_id = program_id.as_ref();
        if !is_program_id(program_id) {
            return Err(SnippetError::ProgramId);
        }
        Ok(Self { program_id: Arc::from(program_id), nonce: None })
    }

    /// The nonce of the response's Content-Security-Policy. Default: none.
    ///
    /// It must be as in the policy, without `'nonce-'` and quotes, random (16 bytes or more), and another one in each
    /// response: so set it on a clone.
    ///
    /// # Errors
    /// When it isn't 1 to 256 characters of Base64, of either alphabet and with or without padding. A policy with such a
    /// nonce would be wrong, too.
    pub fn nonce(mut self, nonce: impl AsRef<str>) -> Result<Self, SnippetError> {
        let nonce = nonce.as_ref();
        if !is_nonce(nonce) {
            return Err(SnippetError::Nonce);
        }
        self.nonce = Some(Arc::from(nonce));
        Ok(self)
    }
}

/// As the grammar of Content-Security-Policy has it: one character at least, then two `=` at most.
fn is_nonce(text: &str) -> bool {
    let value = text.strip_suffix('=').map_or(text, |rest| rest.strip_suffix('=').unwrap_or(rest));
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    text.len() <= MAX_NONCE && !value.is_empty() && value.bytes().all(is_good)
}

/// The tag as HTML, not to be escaped, without a line break at its end.
impl fmt::Display for Snippet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<script")?;
        if let Some(nonce) = &self.nonce {
            write!(f, " nonce=\"{nonce}\"")?;
        }
        f.write_str(BEFORE_ID)?;
        f.write_str(&self.program_id)?;
        f.write_str(AFTER_ID)
    }
}

/// Without the nonce, which is the response's secret.
impl fmt::Debug for Snippet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snippet")
            .field("program_id", &self.program_id)
            .field("has_nonce", &self.nonce.is_some())
            .finish_non_exhaustive()
    }
}
