import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { TestAuthority } from '../test/certificates.ts'
import { checkConfig } from './check.ts'
import { configFolder, problemsOf } from './test/config-folder.ts'

const folder = configFolder()
const problems = (config: unknown) => problemsOf(config, folder)

describe('TLS', () => {
  it('has files that are relative to the folder, and authorities for single trunks', () => {
    const authority = new TestAuthority()
    const { certificate, key } = authority.issue('127.0.0.1')
    for (const [name, content] of Object.entries({ certificate, key, authority: authority.certificate }))
      writeFileSync(join(folder, `${name}.pem`), content)
    const listen = { transport: 'tls', address: '127.0.0.1', certificate: 'certificate.pem', key: 'key.pem' } as const
    const { sip, trunks } = checkConfig(
      {
        sip: { listen: [listen], outboundProxy: 'sip:proxy.example;transport=tls' },
        trunks: [
          { name: 'a', uri: 'sips:A.example', tls: { authority: 'authority.pem' } },
          { name: 'b', uri: 'sip:b.example', outboundProxy: 'sips:[::1];lr', tls: { authority: 'authority.pem' } },
        ],
      },
      folder,
    )
    const files = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') }
    expect(sip.listen).toEqual([{ transport: 'tls', address: '127.0.0.1', port: 5061, ...files }])
    expect(sip.tls).toEqual({
      files,
      authorities: new Map([
        ['a.example', join(folder, 'authority.pem')],
        ['::1', join(folder, 'authority.pem')],
      ]),
    })
    expect(sip.outboundProxy).toBe('<sip:proxy.example;transport=tls;lr>')
    expect(trunks.map(({ outboundProxy }) => outboundProxy)).toEqual([undefined, '<sips:[::1];lr>'])
  })

  it('needs the key that belongs to its certificate', () => {
    const authority = new TestAuthority()
    writeFileSync(join(folder, 'one.pem'), authority.issue('127.0.0.1').certificate)
    writeFileSync(join(folder, 'other-key.pem'), authority.issue('127.0.0.1').key)
    const listen = { transport: 'tls', address: '127.0.0.1', certificate: 'one.pem', key: 'other-key.pem' }
    expect(problems({ sip: { listen: [{ ...listen, certificate: 'notes.txt' }] } })).toEqual([
      expect.stringMatching(/^sip\.listen\[0\]: \/.*notes\.txt holds no certificate in PEM that is of use/),
    ])
    expect(problems({ sip: { listen: [listen] } })).toEqual([
      `sip.listen[0]: ${join(folder, 'other-key.pem')} is not the private key of the certificate in ${join(folder, 'one.pem')}`,
    ])
  })
})
