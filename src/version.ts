import { version } from '../package.json'

/** The build replaces this expression by the commit's short hash; from source there is none. */
const revision = process.env.SLUICE_REVISION ?? ''

export const sluiceVersion: string = version

/** `sluice 0.1.0 (e39f817), Bun 1.4.5, linux/x64` */
export function versionText(): string {
  const commit = revision === '' ? '' : ` (${revision})`
  return `sluice ${sluiceVersion}${commit}, Bun ${Bun.version}, ${process.platform}/${process.arch}`
}
