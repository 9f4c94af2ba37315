import { defaultWhoamiPort, type Topic } from './arguments.ts'

const overview = `Sluice is a reverse proxy in one executable, with Traefik's configuration.

  sluice [flags]            start the proxy
  sluice check [flags]      read the whole configuration, report every mistake, open no port
  sluice whoami [flags]     a small HTTP server that answers with the request it got
  sluice version            which build this is
  sluice help [command]     this page, or one command's

Start without any configuration:

  sluice                                     everything on http://127.0.0.1:8080 answered by whoami
  sluice --configFile=sluice.yaml            your own entry points, routers and services

Settings come from a file, then the environment, then flags; later ones win, key by key:

  sluice.yaml                                entryPoints: { web: { address: ":80" } }
  environment                                SLUICE_ENTRYPOINTS_WEB_ADDRESS=:80
  flag                                       --entryPoints.web.address=:80
`

const run = `sluice [run] [flags]: start the proxy.

  --configFile=FILE         static configuration, YAML or TOML; without it sluice.yaml, .yml or .toml is looked for
                            in the working directory, /etc/sluice, $XDG_CONFIG_HOME/sluice and ~/.config/sluice
  --any.static.key=VALUE    sets that key; a boolean may stand alone: --accessLog
  --version, --help

When every entry point listens, one line on standard output tells where:

  sluice ready: web=127.0.0.1:8080 websecure=127.0.0.1:8443

A mistake in the static configuration, or an address that can't be had, ends it with exit code 1. A mistake in a
dynamic file is logged, and leaves everything else and the last good version of what is wrong running.

  SIGTERM, SIGINT           stop accepting, let requests in flight finish, exit with 0
  SIGHUP                    read the dynamic configuration again
  SIGUSR1                   open the access log anew, after it was moved away
`

const check = `sluice check [flags]: read the whole configuration and report every mistake at once.

  --configFile=FILE         and all other flags, as for run
  --format=text|json        json, for tools: { valid, problems: [{ severity, file, line, column, path, message }] }

Reads the static configuration and every dynamic file that it names. Opens no port and starts nothing.
Exits with 0 when there is no error (warnings do not count), with 1 when there is one.
`

const whoami = `sluice whoami [flags]: an HTTP server that answers with the request it got.

  --port=PORT               where to listen (${defaultWhoamiPort}; 0: any free port)
  --host=ADDRESS            on which address (all)
  --name=NAME               shown in every answer, to tell one instance from another

  /                         host, addresses, request line and headers as text
  /api                      the same as JSON
  /bench                    1
  /data?size=64&unit=KB     a body of that size
  /health                   200, or the status last sent to it with POST
  ?wait=500ms               on any path: hold the answer back
`

const version = `sluice version: the version, the commit it was built from, and the Bun inside.
`

const pages: Record<Topic, string> = { run, check, whoami, version, help: overview }

export function helpText(topic: Topic | undefined): string {
  return topic === undefined ? overview : pages[topic]
}
