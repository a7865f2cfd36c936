import { defineConfig } from 'ringdown'

export default defineConfig({
  sip: {
    listen: [
      { transport: 'udp', address: '0.0.0.0' },
      { transport: 'tcp', address: '0.0.0.0' },
    ],
    publicAddress: '192.0.2.1',
  },
  trunks: [
    {
      name: 'carrier',
      uri: 'sip:sip.carrier.example',
      username: '441632960000',
      password: process.env.CARRIER_PASSWORD ?? 'secret',
      register: true,
      keepAlive: true,
    },
  ],
  users: [
    { username: 'alice', password: process.env.ALICE_PASSWORD ?? 'wonder' },
    { username: 'bob', password: process.env.BOB_PASSWORD ?? 'builder' },
  ],
  services: [
    { name: 'reception', match: '441632960000', app: './office.ts#reception' },
    { name: 'extensions', match: '*', app: './office.ts#extensions' },
  ],
})
