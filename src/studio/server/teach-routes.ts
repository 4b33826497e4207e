/** @file Addresses of *Teach*: what the teacher of a semi-supervised run says of its images without labels. */

import type { Hono } from 'hono';
import { OtxError } from '../../index.js';
import type { Teachers } from './teachers.js';

/** Adds the addresses. */
export function teachRoutes(app: Hono, teachers: Teachers): void {
  app.get('/api/teach', async (context) => context.json(await teachers.names()));
  app.get('/api/teach/:run', async (context) => {
    const page = context.req.query('page') ?? '0';
    if (!/^\d{1,7}$/.test(page)) throw new OtxError('usage', 'the page is a whole number from 0');
    return context.json(await teachers.look(context.req.param('run'), Number(page)));
  });
}
