//! Exports traces to an OpenTelemetry collector by OTLP over HTTP, as the standard environment variables say.
//!
//! A thread of the SDK sends the spans. Requests only put theirs into its queue, which drops spans when it is full: neither
//! an absent nor a slow collector delays a request, and the end of the program waits for it [for a moment](END) only.

use std::env::var;
use std::pin::Pin;
use std::time::Duration;

use clsify::error::{Error, ErrorKind};
use opentelemetry::global;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;

/// The time for the last spans at the end.
const END: Duration = Duration::from_secs(2);

/// The time for one attempt to send spans, unless a variable says otherwise.
const ATTEMPT: Duration = Duration::from_secs(10);

/// The export of traces; `None` if no variable names a collector.
pub(crate) struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Starts the export if `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let is_set = |name: &str| var(name).is_ok_and(|value| !value.is_empty());
        let names = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
        let is_off = var("OTEL_SDK_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"))
            || var("OTEL_TRACES_EXPORTER").is_ok_and(|value| value == "none");
        if is_off || !names.into_iter().any(is_set) {
            return Ok(Traces(None));
        }
        let milliseconds = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
        let timeout = milliseconds.into_iter().find_map(|name| var(name).ok()?.trim().parse().ok());
        let timeout = timeout.map_or(ATTEMPT, Duration::from_millis);
        let agent = ureq::Agent::config_builder().timeout_global(Some(timeout)).http_status_as_error(false);
        let client = Client(agent.build().into());
        let exporter = SpanExporter::builder().with_http().with_http_client(client).build();
        let exporter = exporter.map_err(|error| {
            let error =
                Error::new(ErrorKind::InvalidArgument, format!("expected a collector of traces: {error}"));
            error.with_hint("set OTEL_EXPORTER_OTLP_ENDPOINT to an address such as http://127.0.0.1:4318")
        })?;
        let is_named = is_set("OTEL_SERVICE_NAME")
            || var("OTEL_RESOURCE_ATTRIBUTES").is_ok_and(|given| given.contains("service.name="));
        let resource = Resource::builder();
        let resource = if is_named { resource } else { resource.with_service_name("clsify") };
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.build())
            .build();
        global::set_text_map_propagator(TraceContextPropagator::new());
        global::set_tracer_provider(provider.clone());
        Ok(Traces(Some(provider)))
    }

    /// Sends the spans that are left, if the collector takes them in time.
    pub(crate) fn end(self) {
        if let Some(provider) = self.0 {
            // The SDK has logged why spans were lost.
            let _ = provider.shutdown_with_timeout(END);
        }
    }
}

/// The HTTP client of this project, on the thread that exports.
#[derive(Debug)]
struct Client(ureq::Agent);

impl HttpClient for Client {
    fn send_bytes<'client, 'sent>(
        &'client self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sent>>
    where
        'client: 'sent,
        Self: 'sent,
    {
        Box::pin(async move {
            let response = self.0.run(request.map(|body| body.to_vec()))?;
            let (parts, mut body) = response.into_parts();
            Ok(Response::from_parts(parts, body.read_to_vec()?.into()))
        })
    }
}
