const machinery = ['bench', 'files', 'measure', 'run']

/** Names of the files in `folder` that hold benches; only those asked for, when any are. */
export function benchFiles(folder: string, asked: readonly string[]): string[] {
  return [...new Bun.Glob('*.ts').scanSync(folder)]
    .map((file) => file.replace(/\.ts$/, ''))
    .filter((name) => !machinery.includes(name) && (asked.length === 0 || asked.includes(name)))
    .sort()
}
