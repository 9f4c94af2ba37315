import { describe, expect, test } from 'bun:test'
import { parseArguments, type Command } from '../../src/cli/arguments.ts'

const whoami = { kind: 'whoami', host: '0.0.0.0', port: 8081, name: undefined } as const

describe('the command line', () => {
  test.each<[string, Command]>([
    ['', { kind: 'run', flags: [] }],
    ['--configFile=a.yaml', { kind: 'run', flags: ['--configFile=a.yaml'] }],
    ['--configFile a.yaml --accessLog', { kind: 'run', flags: ['--configFile', 'a.yaml', '--accessLog'] }],
    ['run --log.level=DEBUG', { kind: 'run', flags: ['--log.level=DEBUG'] }],
    ['check', { kind: 'check', flags: [], format: 'text' }],
    ['check --configFile=a --format=json', { kind: 'check', flags: ['--configFile=a'], format: 'json' }],
    ['check --format json --accessLog', { kind: 'check', flags: ['--accessLog'], format: 'json' }],
    ['check -format=text', { kind: 'check', flags: [], format: 'text' }],
    ['whoami', whoami],
    ['whoami --port=0', { ...whoami, port: 0 }],
    ['whoami --port 65535 --name=a --host=::1', { ...whoami, port: 65535, name: 'a', host: '::1' }],
    ['version', { kind: 'version' }],
    ['--version', { kind: 'version' }],
    ['-v', { kind: 'version' }],
    ['help', { kind: 'help', topic: undefined }],
    ['--help', { kind: 'help', topic: undefined }],
    ['--accessLog -h', { kind: 'help', topic: undefined }],
    ['help check', { kind: 'help', topic: 'check' }],
    ['check --help', { kind: 'help', topic: 'check' }],
    ['whoami -h', { kind: 'help', topic: 'whoami' }],
  ])('%p asks for %j', (line, command) => {
    expect(parseArguments(line === '' ? [] : line.split(' '))).toEqual(command)
  })

  test.each([
    [
      'chek',
      'there is no command "chek"',
      'did you mean check? commands are run, check, whoami, version, help; sluice help tells more',
    ],
    [
      'sluice.yaml',
      'there is no command "sluice.yaml"',
      'did you mean --configFile=sluice.yaml? commands are run, check, whoami, version, help; sluice help tells more',
    ],
    [
      'help serve',
      'there is no command "serve"',
      'commands are run, check, whoami, version, help; sluice help tells more',
    ],
    ['check --format=xml', '--format: "xml" is not a format', 'it is text or json; sluice help check tells more'],
    ['check --format', '--format: "" is not a format', 'it is text or json; sluice help check tells more'],
    [
      'whoami --port=http',
      '--port: "http" is not a port',
      'it is a number from 0 (any free port) to 65535; sluice help whoami tells more',
    ],
    [
      'whoami --port=65536',
      '--port: "65536" is not a port',
      'it is a number from 0 (any free port) to 65535; sluice help whoami tells more',
    ],
    [
      'whoami --verbose',
      'whoami does not know --verbose',
      'it takes --host, --port and --name; sluice help whoami tells more',
    ],
    ['version --short', 'version does not know --short', 'it takes no arguments; sluice help version tells more'],
  ])('%p is a mistake: %s', (line, message, hint) => {
    expect(parseArguments(line.split(' '))).toEqual({ kind: 'mistake', message, hint })
  })
})
