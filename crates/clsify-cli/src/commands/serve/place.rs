//! The place where the server listens: an address and a port, or a Unix socket.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use clsify_server::Listen;

/// The options of the place.
#[derive(Args)]
struct PlaceArgs {
    /// Listen on this IP address; localhost is 127.0.0.1
    #[arg(long, env = "CLSIFY_HOST", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_parser = host, help_heading = "Network")]
    host: IpAddr,

    /// Listen on this port; 0 takes a free one
    #[arg(long, env = "CLSIFY_PORT", default_value_t = 3000, help_heading = "Network")]
    port: u16,

    /// Listen on this Unix socket instead of an address; --host and --port cannot be given with it
    #[arg(long, env = "CLSIFY_UDS_PATH", value_name = "PATH", help_heading = "Network")]
    uds_path: Option<PathBuf>,
}

/// An address, or the name that every machine has for itself.
fn host(text: &str) -> Result<IpAddr, String> {
    match text {
        "localhost" => Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        _ => text.parse().map_err(|_| {
            "expected an IP address without a port, such as 127.0.0.1, or 0.0.0.0 for every IPv4 interface".to_string()
        }),
    }
}

/// The place where the server listens.
pub(super) struct Place {
    address: SocketAddr,
    pub(super) uds_path: Option<PathBuf>,
    /// The variables that the socket overrides.
    ignored: Vec<&'static str>,
}

impl Place {
    pub(super) fn listen(&self) -> Listen {
        match &self.uds_path {
            Some(path) => Listen::Unix(path.clone()),
            None => Listen::Tcp(self.address),
        }
    }

    /// The variables that have no effect, if there are any: they may be set for all programs of a machine.
    pub(super) fn note(&self) -> Option<String> {
        let names = self.ignored.join(" and ");
        (!names.is_empty()).then(|| format!("note: the server listens on a Unix socket and ignores {names}"))
    }
}

/// clap's own conflicts do not tell an option from its variable.
impl FromArgMatches for Place {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let PlaceArgs { host, port, uds_path } = PlaceArgs::from_arg_matches(matches)?;
        let mut ignored = Vec::new();
        if uds_path.is_some() {
            for (id, option, variable) in
                [("host", "--host", "CLSIFY_HOST"), ("port", "--port", "CLSIFY_PORT")]
            {
                match matches.value_source(id) {
                    Some(ValueSource::CommandLine) => {
                        let message = format!(
                            "the argument '{option}' cannot be used with '--uds-path <PATH>' (or CLSIFY_UDS_PATH): \
                             a server listens on an address or on a Unix socket\n"
                        );
                        return Err(clap::Error::raw(clap::error::ErrorKind::ArgumentConflict, message));
                    }
                    Some(ValueSource::EnvVariable) => ignored.push(variable),
                    _ => {}
                }
            }
        }
        Ok(Place { address: SocketAddr::new(host, port), uds_path, ignored })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Place {
    fn augment_args(command: Command) -> Command {
        PlaceArgs::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        PlaceArgs::augment_args_for_update(command)
    }
}
