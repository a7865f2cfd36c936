import { mediaContract } from './contract.ts'
import { InProcessMedia } from './in-process.ts'

mediaContract('engine in virtual time', async () => new InProcessMedia({ address: 'ten.test' }))
