import { parseArguments } from './cli/arguments.ts'
import { check } from './cli/check.ts'
import { helpText } from './cli/help.ts'
import { collectWhenQuiet } from './cli/quiet-collector.ts'
import { run } from './cli/run.ts'
import { runWhoami } from './cli/whoami.ts'
import { versionText } from './version.ts'
import { runWorker } from './worker/worker.ts'

async function main(): Promise<number> {
  const command = parseArguments(process.argv.slice(2))
  switch (command.kind) {
    case 'run':
      return run(command.flags)
    case 'check':
      return check(command.flags, command.format)
    case 'whoami':
      return runWhoami(command)
    case 'worker':
      collectWhenQuiet()
      return runWorker()
    case 'version':
      console.log(versionText())
      return 0
    case 'help':
      console.log(helpText(command.topic))
      return 0
    case 'mistake':
      console.error(`sluice: ${command.message}\n${command.hint}`)
      return 2
  }
}

process.exit(await main())
