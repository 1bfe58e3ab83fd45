//! The list of addresses: a router that remembers what was put into it, so that a test can ask every route whether it
//! keeps providers apart.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing;

/// Addresses with their handlers. Each feature gives its own; `http` puts them together.
#[derive(Debug)]
pub struct Routes<S> {
    router: Router<S>,
    list: Vec<(Method, &'static str)>,
    from_anywhere: Vec<&'static str>,
}

impl<S> Default for Routes<S>
where
    S: Clone + Send + Sync + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Routes<S>
where
    S: Clone + Send + Sync + 'static,
{
    /// No addresses yet.
    #[must_use]
    pub fn new() -> Self {
        Self { router: Router::new(), list: Vec::new(), from_anywhere: Vec::new() }
    }

    /// A page to look at (also answers `HEAD`).
    #[must_use]
    pub fn get<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.list.push((Method::GET, path));
        self.router = self.router.route(path, routing::get(handler));
        self
    }

    /// A form that changes something.
    #[must_use]
    pub fn post<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.list.push((Method::POST, path));
        self.router = self.router.route(path, routing::post(handler));
        self
    }

    /// A form that other programs send too, such as a mail program: whoever has the secret in the address may. Nothing of
    /// a session may be looked at there, since nobody asks whose page the form came from.
    #[must_use]
    pub fn post_from_anywhere<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.from_anywhere.push(path);
        self.post(path, handler)
    }

    /// A form with files, of at most `limit` bytes altogether.
    #[must_use]
    pub fn upload<H, T>(mut self, path: &'static str, limit: usize, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.list.push((Method::POST, path));
        self.router = self.router.route(path, routing::post(handler).layer(DefaultBodyLimit::max(limit)));
        self
    }

    /// These and those.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.list.extend(other.list);
        self.from_anywhere.extend(other.from_anywhere);
        self.router = self.router.merge(other.router);
        self
    }

    /// Every method and address, in the order they were added.
    #[must_use]
    pub fn list(&self) -> &[(Method, &'static str)] {
        &self.list
    }

    /// The addresses of [`Routes::post_from_anywhere`].
    #[must_use]
    pub fn from_anywhere(&self) -> &[&'static str] {
        &self.from_anywhere
    }

    /// The bare router.
    pub(crate) fn into_router(self) -> Router<S> {
        self.router
    }
}
