//! The providers of this process: which of them takes a model, in failover order, each with a bound on its calls and a
//! circuit breaker for each model. Which one is called next is `provider::plan`'s work.

use std::{collections::HashMap, fmt, sync::Arc};

use futures::StreamExt;
use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{
    Provider, ProviderError,
    breaker::Pass,
    gate::{Dial, Gate, Watched},
};
use crate::domain::cost::Model;

/// Calls at once to one provider, when nothing else is set.
pub const USUAL_CONCURRENT: usize = 512;
/// Models that nobody listed and that have a breaker of their own; more share one.
const MAX_OTHERS: usize = 256;

/// A provider and what it takes.
pub struct Endpoint {
    /// Who answers.
    pub provider: Arc<dyn Provider>,
    /// The models that are known.
    pub models: Vec<Listed>,
    /// Whether it takes names that are not listed too.
    pub any_model: bool,
    /// Calls at once.
    pub max_concurrent: usize,
}

/// A model of an endpoint.
#[derive(Clone, Debug)]
pub struct Listed {
    /// As a request names it; `provider` is the endpoint's name.
    pub model: Model,
    /// The name that the provider knows; `None`: the same.
    pub upstream: Option<String>,
}

/// All providers, in failover order. Cheap to clone; clones share bounds and breakers.
#[derive(Clone)]
pub struct Providers(Arc<Pool>);

struct Pool {
    members: Vec<Member>,
    models: Vec<Model>,
}

struct Member {
    provider: Arc<dyn Provider>,
    any_model: bool,
    listed: Vec<Arc<Route>>,
    others: Mutex<HashMap<String, Arc<Route>>>,
    /// For the names that do not fit into `others`.
    crowd: Arc<Gate>,
    /// Of `crowd` and `others`.
    dial: Arc<Dial>,
    slots: Arc<Semaphore>,
}

/// A model at a provider: where a call can go.
pub struct Route {
    /// Who answers. It watches the answers for the breaker.
    pub provider: Arc<dyn Provider>,
    /// Price and sizes.
    pub model: Model,
    /// The name that the provider knows: what `Call.model` takes.
    pub upstream: String,
    pub(super) gate: Arc<Gate>,
    server: Arc<dyn Provider>,
    slots: Arc<Semaphore>,
}

impl Providers {
    /// These, in failover order.
    pub fn new(endpoints: Vec<Endpoint>) -> Self {
        let members: Vec<Member> = endpoints.into_iter().map(Member::new).collect();
        let mut models: Vec<Model> = Vec::new();
        for route in members.iter().flat_map(|member| &member.listed) {
            if models.iter().all(|model| model.id != route.model.id) {
                models.push(route.model.clone());
            }
        }
        Self(Arc::new(Pool { members, models }))
    }

    /// One provider that takes any model name.
    pub fn single(provider: Arc<dyn Provider>, models: Vec<Model>) -> Self {
        let models = models.into_iter().map(|model| Listed { model, upstream: None }).collect();
        Self::new(vec![Endpoint { provider, models, any_model: true, max_concurrent: USUAL_CONCURRENT }])
    }

    /// The models that are known, each as its first provider has it.
    pub fn models(&self) -> &[Model] {
        &self.0.models
    }

    /// Whether some provider takes this model.
    pub fn accepts(&self, model: &str) -> bool {
        self.0.members.iter().any(|member| member.any_model || member.lists(model).is_some())
    }

    /// Where a call for this model can go, in failover order; empty when nobody takes it.
    pub fn routes(&self, model: &str) -> Vec<Arc<Route>> {
        self.0.members.iter().filter_map(|member| member.route(model)).collect()
    }

    /// The model's name in metrics: itself when it is listed, else `other`, so that no request makes a new series.
    pub fn label<'a>(&self, model: &'a str) -> &'a str {
        if self.models().iter().any(|listed| listed.id == model) { model } else { "other" }
    }

    /// The name of the first provider.
    pub fn primary_name(&self) -> &str {
        self.0.members.first().map_or("", |member| member.provider.name())
    }

    /// Whether one of them can be reached; all are asked at once, so this is bounded as one check is.
    pub async fn check(&self) -> Result<(), ProviderError> {
        let mut checks: futures::stream::FuturesUnordered<_> =
            self.0.members.iter().map(|member| member.provider.check()).collect();
        let mut last = ProviderError::Failed("no provider is set".into());
        while let Some(checked) = checks.next().await {
            match checked {
                Ok(()) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl Member {
    fn new(endpoint: Endpoint) -> Self {
        let Endpoint { provider, models, any_model, max_concurrent } = endpoint;
        let slots = Arc::new(Semaphore::new(max_concurrent.clamp(1, Semaphore::MAX_PERMITS)));
        let route = |listed: Listed| {
            let gate = Gate::new(provider.name(), &listed.model.id, Arc::default());
            let upstream = listed.upstream.unwrap_or_else(|| listed.model.id.clone());
            Arc::new(Route::new(&provider, listed.model, upstream, gate, &slots))
        };
        let listed = models.into_iter().map(route).collect();
        let dial = Arc::<Dial>::default();
        let crowd = Gate::new(provider.name(), "other", dial.clone());
        Self { provider, any_model, listed, others: Mutex::default(), crowd, dial, slots }
    }

    fn lists(&self, model: &str) -> Option<&Arc<Route>> {
        self.listed.iter().find(|route| route.model.id == model)
    }

    fn route(&self, model: &str) -> Option<Arc<Route>> {
        if let Some(route) = self.lists(model) {
            return Some(route.clone());
        }
        if !self.any_model {
            return None;
        }
        let mut others = self.others.lock();
        if let Some(route) = others.get(model) {
            return Some(route.clone());
        }
        if others.len() >= MAX_OTHERS {
            let now = Instant::now();
            others.retain(|_, route| Arc::strong_count(route) > 1 || !route.gate.breaker.is_fresh(now));
        }
        let own = others.len() < MAX_OTHERS;
        let gate = if own {
            Gate::new(self.provider.name(), "other", self.dial.clone())
        } else {
            self.crowd.clone()
        };
        let known = Model {
            id: model.to_owned(),
            provider: self.provider.name().to_owned(),
            context_tokens: None,
            max_output_tokens: None,
            input_micros_per_million: None,
            output_micros_per_million: None,
        };
        let route = Arc::new(Route::new(&self.provider, known, model.to_owned(), gate, &self.slots));
        if own {
            others.insert(model.to_owned(), route.clone());
        }
        Some(route)
    }
}

impl Route {
    fn new(
        server: &Arc<dyn Provider>,
        model: Model,
        upstream: String,
        gate: Arc<Gate>,
        slots: &Arc<Semaphore>,
    ) -> Self {
        let watched = Watched { server: server.clone(), gate: gate.clone(), pass: None };
        Self {
            provider: Arc::new(watched),
            model,
            upstream,
            gate,
            server: server.clone(),
            slots: slots.clone(),
        }
    }

    /// The same for one call, which looks again whether it may be made: it may have waited for its place.
    pub(super) fn entered(&self, pass: Pass) -> Self {
        let watched = Watched { server: self.server.clone(), gate: self.gate.clone(), pass: Some(pass) };
        Self {
            provider: Arc::new(watched),
            model: self.model.clone(),
            upstream: self.upstream.clone(),
            gate: self.gate.clone(),
            server: self.server.clone(),
            slots: self.slots.clone(),
        }
    }

    /// The model as a metric may name it: `other` when nobody listed it, since names that users make up have no bound.
    pub fn label(&self) -> &str {
        &self.gate.label
    }

    /// A place among the calls that the provider may have at once; held until the call ends. The caller bounds the wait.
    pub async fn slot(&self) -> OwnedSemaphorePermit {
        match self.slots.clone().acquire_owned().await {
            Ok(permit) => permit,
            // Nobody closes it.
            Err(_) => std::future::pending().await,
        }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Route({} at {})", self.model.id, self.gate.provider)
    }
}

#[cfg(test)]
mod tests {
    use futures::future::BoxFuture;

    use super::*;
    use crate::provider::{Call, Chunks};

    struct Named(&'static str);

    impl Provider for Named {
        fn name(&self) -> &str {
            self.0
        }

        fn stream(&self, _call: Call) -> BoxFuture<'_, Result<Chunks, ProviderError>> {
            Box::pin(async { Err(ProviderError::NoModel) })
        }

        fn check(&self) -> BoxFuture<'_, Result<(), ProviderError>> {
            let well = self.0 != "down";
            Box::pin(async move { if well { Ok(()) } else { Err(ProviderError::NoModel) } })
        }
    }

    fn endpoint(name: &'static str, models: &[&str], any_model: bool) -> Endpoint {
        let listed = |id: &&str| Listed {
            model: Model {
                id: (*id).to_owned(),
                provider: name.to_owned(),
                context_tokens: None,
                max_output_tokens: None,
                input_micros_per_million: None,
                output_micros_per_million: None,
            },
            upstream: (name == "b").then(|| format!("vendor/{id}")),
        };
        Endpoint {
            provider: Arc::new(Named(name)),
            models: models.iter().map(listed).collect(),
            any_model,
            max_concurrent: 1,
        }
    }

    fn at(providers: &Providers, model: &str) -> Vec<String> {
        let tell = |route: &Arc<Route>| format!("{}:{}", route.provider.name(), route.upstream);
        providers.routes(model).iter().map(tell).collect()
    }

    #[test]
    fn routes_come_in_file_order_with_the_name_that_each_provider_knows() {
        let providers = Providers::new(vec![
            endpoint("a", &["x"], false),
            endpoint("b", &["y", "x"], false),
            endpoint("c", &[], true),
        ]);
        assert_eq!(at(&providers, "x"), ["a:x", "b:vendor/x", "c:x"]);
        assert_eq!(at(&providers, "y"), ["b:vendor/y", "c:y"]);
        assert_eq!(at(&providers, "z"), ["c:z"]);
        let owners: Vec<_> =
            providers.models().iter().map(|model| (model.id.as_str(), model.provider.as_str())).collect();
        assert_eq!(owners, [("x", "a"), ("y", "b")]);
        assert_eq!(providers.primary_name(), "a");
        let strict = Providers::new(vec![endpoint("a", &["x"], false)]);
        assert!(strict.accepts("x") && !strict.accepts("z") && strict.routes("z").is_empty());
    }

    #[test]
    fn names_that_users_make_up_do_not_fill_the_memory() {
        let providers = Providers::new(vec![endpoint("c", &[], true)]);
        let now = Instant::now();
        for number in 0..MAX_OTHERS * 3 {
            let route = providers.routes(&format!("m{number}")).remove(0);
            // None of them can be forgotten.
            route.gate.breaker.ban(std::time::Duration::from_mins(5), now);
        }
        assert_eq!(providers.0.members[0].others.lock().len(), MAX_OTHERS);
        assert!(Arc::ptr_eq(&providers.routes("m0")[0], &providers.routes("m0")[0]));
        let listed = Providers::new(vec![endpoint("c", &["x"], true)]);
        assert_eq!((listed.routes("x")[0].label(), listed.routes("m0")[0].label()), ("x", "other"));
    }

    #[tokio::test]
    async fn a_provider_has_no_more_calls_at_once_than_is_set() {
        let providers = Providers::new(vec![endpoint("a", &["x", "y"], false)]);
        let held = providers.routes("x")[0].slot().await;
        let route = providers.routes("y").remove(0);
        let second = route.slot();
        tokio::pin!(second);
        assert!(futures::poll!(&mut second).is_pending(), "the models share the provider's places");
        drop(held);
        let _second = second.await;
    }

    #[tokio::test]
    async fn one_provider_that_can_be_reached_is_enough() {
        let both = Providers::new(vec![endpoint("down", &[], true), endpoint("a", &[], true)]);
        assert!(both.check().await.is_ok());
        assert!(Providers::new(vec![endpoint("down", &[], true)]).check().await.is_err());
    }
}
