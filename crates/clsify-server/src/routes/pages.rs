//! Pages for people: one to try a model, and the documentation of the routes. They load nothing from elsewhere.

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use clsify_report::guide;

/// Only the server's own scripts, styles and routes; no frames, no forms, no images but the empty icon.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A page to try a model on a sentence.
pub(crate) async fn page() -> Response<Body> {
    html(include_str!("../pages/page.html"))
}

pub(crate) async fn page_script() -> Response<Body> {
    of_type("text/javascript; charset=utf-8", include_str!("../pages/page.js"))
}

pub(crate) async fn style() -> Response<Body> {
    of_type("text/css; charset=utf-8", include_str!("../pages/page.css"))
}

/// The script that draws the figures of the guide.
pub(crate) async fn guide_script() -> Response<Body> {
    of_type("text/javascript; charset=utf-8", guide::SCRIPT)
}

pub(crate) async fn guide_style() -> Response<Body> {
    of_type("text/css; charset=utf-8", guide::STYLE)
}

/// The routes for readers.
pub(crate) async fn docs() -> Response<Body> {
    html(include_str!("../pages/docs.html"))
}

pub(crate) async fn docs_script() -> Response<Body> {
    of_type("text/javascript; charset=utf-8", include_str!("../pages/docs.js"))
}

fn html(page: &'static str) -> Response<Body> {
    let mut response = of_type("text/html; charset=utf-8", page);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn of_type(content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
