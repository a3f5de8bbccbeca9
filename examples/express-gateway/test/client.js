// What the tests of this folder have in common: a client of the gateway, and the switches of the services behind it.
const { createHmac } = require('node:crypto');
const supertest = require('supertest');

const gateway = supertest(process.env.GATEWAY_URL);
const control = supertest(process.env.CONTROL_URL);

const logIn = (email, password) => gateway.post('/auth/login').send({ email, password });

// Each test file starts with a gateway that nobody has used: five logins in 15 minutes are all there are.
async function tokenOf(email, password) {
  const { status, body } = await logIn(email, password);
  expect(status).toBe(200);
  return body.token;
}

const bearer = (token) => ({ authorization: `Bearer ${token}` });

// A token as jsonwebtoken's `sign` makes it.
function sign(claims, secret = process.env.JWT_SECRET, header = { alg: 'HS256', typ: 'JWT' }) {
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

// `mode`: {"mode": "ok"}, {"mode": "reset"}, ...
async function setMode(service, mode) {
  const { status } = await control.put(`/__control/${service}`).send(mode);
  expect(status).toBe(200);
}

async function requestsTo(service) {
  const { body } = await control.get(`/__control/${service}`);
  return body.requests;
}

module.exports = { gateway, logIn, tokenOf, sign, bearer, setMode, requestsTo };
