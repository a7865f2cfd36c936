import { defineConfig } from 'ringdown'

export default defineConfig({
  numbering: { countryCode: '44', extensionLengths: [4] },
  trunks: [
    {
      name: 'north',
      uri: 'sip:north.example',
      from: '"Acme" <sip:+441632960000@acme.example>',
      callerId: { allowed: ['+4416329600*'] },
      inbound: { addresses: ['198.51.100.1'] },
    },
    {
      name: 'south',
      uri: 'sip:south.example',
      from: '"Acme" <sip:+441632960000@acme.example>',
      numberFormat: 'national',
      callerId: { allowed: ['+4416329600*'], format: 'national', identity: 'asserted' },
      trusted: true,
      diversion: 'history-info',
    },
  ],
  routes: [
    { prefix: '+', trunks: ['north', 'south'] },
    {
      prefix: '+44',
      trunks: [
        { name: 'north', priority: 1, weight: 3 },
        { name: 'south', priority: 1, weight: 1 },
      ],
    },
    { prefix: '+447', trunks: ['south'] },
    { prefix: '+449', barred: true },
    { prefix: '2', service: 'desk' },
  ],
  services: [
    { name: 'desk', match: '2*', app: './desk.ts' },
    { name: 'reception', match: '*', app: './reception.ts' },
  ],
})
