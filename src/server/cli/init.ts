import { Command } from 'commander'
import { initProject } from '../init/init.ts'
import { EXIT } from './exit-codes.ts'

/** `ringdown init [directory]` */
export function initCommand(version: string): (onExit: (code: number) => void) => Command {
  return (onExit) =>
    new Command('init')
      .description('Start a project: an application, its configuration, and a test that passes.')
      .argument('[directory]', 'where; made when it is not there', '.')
      .addHelpText(
        'after',
        `
Examples:
  $ ringdown init my-app && cd my-app && npm install && npm test

Exit codes: 0 written, 2 a file is there already and nothing was written.`,
      )
      .action((directory: string) => {
        for (const path of initProject(directory, version)) console.log(`  ${path}`)
        console.log(`\nNext:${directory === '.' ? '' : ` cd ${directory};`} npm install; npm test; npm start`)
        onExit(EXIT.OK)
      })
}
