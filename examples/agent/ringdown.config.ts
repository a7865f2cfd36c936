import { defineConfig } from 'ringdown'

export default defineConfig({
  sip: { listen: [{ transport: 'udp', address: '127.0.0.1', port: 5060 }] },
  services: [
    { name: 'receptionist', app: './receptionist.ts', parameters: { agent: 'ws://127.0.0.1:8765/talk' } },
    { name: 'parrot', app: './parrot.ts' },
  ],
})
