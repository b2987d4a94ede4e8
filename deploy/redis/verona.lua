#!lua name=verona_v1
-- verona.lua: everything Verona changes in Redis that must not half-happen. One library of Redis 7
-- Functions, loaded by `verona cluster init`, called with FCALL.
--
-- A script that fails after a write is not rolled back. So each function makes all its checks before its
-- first write, and what it writes after that cannot fail. No loop is unbounded: a writing script cannot be
-- stopped. Epochs and boots are milliseconds and fit a double exactly. TIME decides nothing: it only makes
-- numbers that rise also when Redis has lost the last of them.
--
-- Keys (cluster.h):
--   verona:members              v = version, "shard:<id>" / "gateway:<id>" = boot
--   verona:shard:<id>, verona:gateway:<id>    boot nonce renew state=UP|DRAINING|DEAD|GONE, and what the
--                               process says of itself (endpoint admin curve weight pid host ports)
--   verona:{sN}:own             e epoch, o owner, n its nonce, st FREE|OWNED, hs highest seq of removed rooms
--   verona:{sN}:log:<room>      stream "<epoch>-<seq>", field p = LogEntry
--   verona:{sN}:gone:<room>     "<epoch>-<seq>" of a message that was taken back -> Retraction
--   verona:{sN}:meta:<room>     last "<epoch>-<seq>", state = StoredRoom, gone = ms, moved = "<until ms> <JID>",
--                               d:<gateway>:<boot> = rseq, trim = "ta tk ts tc" (see there)
--   verona:{sN}:aff:<room>      bare JID -> StoredAffiliation
--   verona:{sN}:nicks:<room>    reserved nick -> bare JID
--   verona:{sN}:avatar:<room>   vCard of the room, as XML
--   verona:{sN}:rooms           rooms of the slot
--   verona:user:<bare JID>, verona:users, verona:private:<bare JID>   accounts (gateway/accounts.h)
--   verona:presence             gateway -> "<boot> <sessions>", with test.forget_rooms only; :gate beside it
--   verona:rooms                public rooms, score 0          verona:{verona:rooms}:users  occupants as score
--   verona:{verona:rooms}:info  room -> DirectoryEntry         verona:{verona:rooms}:all    every room, score 0
--   verona:{verona:rooms}:by:<bare JID>   rooms that he made in the last minute

local GONE_SECONDS = 3600     -- log and marks of a removed room
local MOVED_SECONDS = 31622400 -- the longest that a removed room points to another: a leap year
local RECORD_SECONDS = 86400  -- records of members that left

-- (redis.call does not exist yet while the library is loaded.)
local function call(...)
  return redis.call(...)
end

local function num(v)
  return string.format('%.0f', v)
end

local function now_ms()
  local t = call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function err(text)
  return redis.error_reply(text)
end

-- A whole number that a double holds exactly.
local function is_int(s)
  return type(s) == 'string' and #s <= 15 and string.find(s, '^%d+$') ~= nil
end

local function is_name(s)
  return type(s) == 'string' and string.find(s, '^%d+%-%d+$') ~= nil
end

-- May a command for this kind of value be called on the key? One of another kind would stop the script
-- half-way.
local function holds(key, kind)
  local t = call('TYPE', key).ok
  return t == kind or t == 'none'
end

local function damaged(key)
  return err('DAMAGED ' .. key)
end

-- Can verona:members be changed, and its version be raised?
local function is_list(members)
  return holds(members, 'hash') and is_int(call('HGET', members, 'v') or '0')
end

-- A number that is above `stored` and `hint`, and above the clock: so it rises also when Redis has
-- lost the last one.
local function above(stored, hint, ms)
  return math.max((tonumber(stored) or 0) + 1, ms, (tonumber(hint) or 0) + 1)
end

-- ---------------------------------------------------------------------------------------- slots

-- KEYS own ...   -> how many records were written. A record that is there stays as it is.
local function init_own(keys, args)
  local n = 0
  for _, k in ipairs(keys) do
    if call('EXISTS', k) == 0 then
      call('HSET', k, 'e', '0', 'o', '', 'n', '', 'st', 'FREE', 'hs', '0')
      n = n + 1
    end
  end
  return n
end

-- Is verona:shard:<id> under this nonce, and may it be given slots? Its key carries no tag: in Redis
-- Cluster the caller reads it first and passes no record (KEYS[1] = ''), and a claim for a dead shard is
-- then found by the next reader of the table.
local function shard_is(key, nonce, draining_too)
  if key == '' then
    return true
  end
  local r = call('HMGET', key, 'nonce', 'state')
  return r[1] == nonce and (r[2] == 'UP' or (draining_too and r[2] == 'DRAINING'))
end

-- A row of an answer: {what came of it, e, o, n}. What: the new epoch, 0 refused, -1 the record is lost.
local function row(what, e, o, n)
  return {num(what), e or '', o or '', n or ''}
end

-- The rows of KEYS[2 ...] as they are: {e, o, n}, or false where the record is lost. All are read before the
-- first is written.
local function read_own(keys)
  local rows = {}
  for i = 2, #keys do
    local r = holds(keys[i], 'hash') and call('HMGET', keys[i], 'e', 'o', 'n')
    rows[i] = r and is_int(r[1]) and r or false
  end
  return rows
end

local function all_int(args, from, step)
  for i = from, #args, step do
    if not is_int(args[i]) then
      return false
    end
  end
  return true
end

-- KEYS verona:shard:<my id>, own ... (up to 256)
-- ARGV my id, my nonce, then per own key: expected e, expected n, hint
local function claim(keys, args)
  local id, nonce = args[1], args[2]
  if #keys < 2 or #args ~= 2 + 3 * (#keys - 1) or not all_int(args, 3, 3) or not all_int(args, 5, 3) then
    return err('ERR arguments')
  end
  if not shard_is(keys[1], nonce, false) then
    return err('NOTMINE ' .. id)
  end
  local ms, rows, out = now_ms(), read_own(keys), {}
  for i = 2, #keys do
    local a, r = 3 + 3 * (i - 2), rows[i]
    if not r then
      out[i - 1] = row(-1) -- lost data, never a free slot
    elseif r[1] ~= args[a] or (r[3] or '') ~= args[a + 1] then
      out[i - 1] = row(0, r[1], r[2], r[3])
    else
      local e = above(r[1], args[a + 2], ms)
      call('HSET', keys[i], 'e', num(e), 'o', id, 'n', nonce, 'st', 'OWNED')
      out[i - 1] = row(e, num(e), id, nonce)
    end
  end
  return out
end

-- KEYS verona:shard:<receiver>, own ... (up to 256)
-- ARGV my nonce, receiver, receiver's nonce, then per own key: my e
local function give(keys, args)
  local mine, id, nonce = args[1], args[2], args[3]
  if #keys < 2 or #args ~= 3 + (#keys - 1) or not all_int(args, 4, 1) then
    return err('ERR arguments')
  end
  if not shard_is(keys[1], nonce, false) then
    return err('NOTTHERE ' .. id)
  end
  local ms, rows, out = now_ms(), read_own(keys), {}
  for i = 2, #keys do
    local r = rows[i]
    if not r then
      out[i - 1] = row(-1)
    elseif r[1] ~= args[2 + i] or r[3] ~= mine then
      out[i - 1] = row(0, r[1], r[2], r[3])
    else
      local e = above(r[1], 0, ms)
      call('HSET', keys[i], 'e', num(e), 'o', id, 'n', nonce, 'st', 'OWNED')
      out[i - 1] = row(e, num(e), id, nonce)
    end
  end
  return out
end

-- ---------------------------------------------------------------------------------------- rooms

-- Field `want` (a number below 16 or so) of a packed message, as a string or number; nil if it has none.
local function field(v, want)
  local i, len = 1, #v
  local function varint()
    local r, m = 0, 1
    while i <= len do
      local b = string.byte(v, i)
      i = i + 1
      r = r + (b % 128) * m
      if b < 128 then
        break
      end
      m = m * 128
    end
    return r
  end
  while i <= len do
    local tag = varint()
    local wire = tag % 8
    if wire == 0 then
      local n = varint()
      if tag == want * 8 then
        return n
      end
    elseif wire == 2 then
      local n = varint()
      if tag == want * 8 + 2 then
        return string.sub(v, i, i + n - 1)
      end
      i = i + n
    else
      return nil
    end
  end
  return nil
end

-- Of a packed StoredAffiliation; '' if it has none or there is no value.
local function stored_nick(v)
  return v and field(v, 4) or ''
end

-- Of a LogEntry.
-- (field(v, 14) == 1, as fast as it can be: asked of every entry once.)
local function is_archived(v)
  local i, len, byte = 1, #v, string.byte
  while i <= len do
    local tag = byte(v, i)
    if tag == 112 then
      return byte(v, i + 1) == 1
    elseif tag > 112 then
      return false
    end
    i = i + 1
    local b = byte(v, i)
    i = i + 1
    if tag % 8 == 2 then
      local n, m = b % 128, 128
      while b >= 128 do
        b = byte(v, i)
        n, m, i = n + (b % 128) * m, m * 128, i + 1
      end
      i = i + n
    else
      while b >= 128 do
        b = byte(v, i)
        i = i + 1
      end
    end
  end
  return false
end

local function stamp_of(v)
  return field(v, 1) or 0
end

-- Who said it, if it is a message that can be taken back; nil if not.
local function speaker(log, id)
  local r = call('XRANGE', log, id, id)
  local v = r[1] and r[1][2][2]
  if not v or (field(v, 3) or 0) ~= 0 then
    return nil
  end
  return field(v, 5)
end

-- What a commit may take out of a log, beside as many entries as it adds: TRIM_MORE more. And it does so
-- only when there are TRIM_SLACK too many.
local TRIM_SLACK = 32
local TRIM_MORE = 64

local function drop_entries(log, gone, ids)
  for i = 1, #ids, 100 do
    local last = math.min(i + 99, #ids)
    call('XDEL', log, unpack(ids, i, last))
    call('HDEL', gone, unpack(ids, i, last))
  end
end

-- A log is  [archived messages only: tk of them, the newest is tc] [the newest entries, for history].
-- What leaves the second part goes to the first if it is archived, else it is gone. Of the first part goes
-- what is beyond `keep`, and what is from before `since`. ta: archived messages in both; ts: no entry of
-- the first part is older, 0: not known. As long as everything is archived the parts need not be told apart.
-- Whatever flows in, a log holds at most keep + history + a few entries.
local function trim(log, gone, t, history, keep, since, added)
  local at_once = added + TRIM_MORE
  local len = call('XLEN', log)
  local over = len - t.tk - history
  if over > TRIM_SLACK and (len > t.ta or keep == 0) then
    local ids = {}
    for _, e in ipairs(call('XRANGE', log, t.tc == '' and '-' or '(' .. t.tc, '+', 'COUNT',
                            num(math.min(over, at_once)))) do
      local archived = is_archived(e[2][2])
      if archived and keep > 0 then
        t.tk = t.tk + 1
      else
        ids[#ids + 1] = e[1]
        t.ta = math.max(t.ta - (archived and 1 or 0), 0)
      end
      t.tc = e[1]
    end
    drop_entries(log, gone, ids)
    len = len - #ids
  end
  local free = math.min(len > t.ta and t.tk or len - history, at_once)
  local extra = math.min(t.ta - keep, free)
  if free <= 0 then
    return
  elseif keep > 0 and t.ts >= since and extra > TRIM_SLACK and call('EXISTS', gone) == 0 then
    call('XTRIM', log, 'MAXLEN', '=', num(len - extra)) -- none of them need be looked at
    t.ta, t.tk = t.ta - extra, math.max(t.tk - extra, 0)
  elseif keep == 0 or t.ts < since or extra > TRIM_SLACK then
    local ids = {}
    for _, e in ipairs(call('XRANGE', log, '-', '+', 'COUNT', num(free))) do
      t.ts = stamp_of(e[2][2])
      if keep > 0 and t.ta <= keep and t.ts >= since then
        break
      end
      ids[#ids + 1] = e[1]
      t.ta, t.tk = math.max(t.ta - 1, 0), math.max(t.tk - 1, 0)
    end
    drop_entries(log, gone, ids)
  end
end

-- The first event of a gateway's boot in a room: marks of its older boots are void.
local function drop_old_marks(meta, gwboot)
  local id, boot = string.match(gwboot, '^(.*):(%d+)$')
  if not id then
    return
  end
  for _, f in ipairs(call('HKEYS', meta)) do
    local fid, fboot = string.match(f, '^d:(.*):(%d+)$')
    if fid == id and tonumber(fboot) < tonumber(boot) then
      call('HDEL', meta, f)
    end
  end
end

-- One chain of durable events of one room.
-- KEYS own log meta aff nicks rooms gone avatar
-- ARGV epoch nonce prev history n,  n x (seq gwboot rseq payload),
--      state ('' = unchanged; destroy: value of `moved`), flag ('' | create | destroy), stamp_ms, room,
--      m, m x (jid, packed value or '' = removed, nick afterwards or ''),
--      keep, since_ms, how many of the n are archived,
--      k, k x (name of a message to take back, occupant-id, Retraction),
--      avatar ('' = unchanged, '-' = removed, '=' and the vCard)
-- gwboot '' = no origin. Changes other than messages come with n = 1. history: how many entries of the log
-- must stay; keep: archived messages that stay besides (0: none) unless they are older than since_ms.
-- occupant-id: the message becomes a tombstone if this one said it and it is none yet; '': whoever said it,
-- and there must be such a message.
-- -> OK | DUP (all of it is there already: a retry) | SEEN (all of it was committed under other names)
--    or an error, and nothing was done:
--    FENCED e ('-': the record is lost), DIVERGED last, SEEN (some, not all), EXISTS, NICK nick, ORDER id,
--    NOTARGET id, DAMAGED key (it holds another kind of value)
local function commit(keys, args)
  local own, log, meta, aff, nicks, rooms = keys[1], keys[2], keys[3], keys[4], keys[5], keys[6]
  local gone, avatar = keys[7], keys[8]
  local epoch, nonce, prev, n = args[1], args[2], args[3], is_int(args[5]) and tonumber(args[5]) or 0
  local tail = 6 + 4 * n
  local state, flag, stamp, room = args[tail], args[tail + 1], args[tail + 2], args[tail + 3]
  local m = is_int(args[tail + 4]) and tonumber(args[tail + 4])
  local rest = tail + 5 + 3 * (m or 0)
  local k = is_int(args[rest + 3]) and tonumber(args[rest + 3])
  local picture = k and args[rest + 4 + 3 * k]
  local good = #keys == 8 and n >= 1 and m and k and #args == rest + 4 + 3 * k and is_int(epoch) and
    is_int(args[4]) and is_int(stamp) and is_name(prev) and
    (flag == '' or flag == 'create' or (flag == 'destroy' and (state == '' or string.find(state, '^%d+ ')))) and
    is_int(args[rest]) and is_int(args[rest + 1]) and is_int(args[rest + 2]) and
    (picture == '' or picture == '-' or string.sub(picture, 1, 1) == '=')
  for i = 0, good and n - 1 or -1 do
    good = good and is_int(args[6 + 4 * i]) and (args[7 + 4 * i] == '' or is_int(args[8 + 4 * i]))
  end
  for i = 0, good and k - 1 or -1 do
    good = good and is_name(args[rest + 4 + 3 * i])
  end
  if not good then
    return err('ERR arguments')
  end

  local o = call('HMGET', own, 'e', 'n', 'hs')
  if o[1] ~= epoch or o[2] ~= nonce then
    return err('FENCED ' .. (o[1] or '-'))
  end

  local h = call('HMGET', meta, 'last', 'state', 'trim')
  local last = h[1] or '0-0'
  if last == epoch .. '-' .. args[tail - 4] then
    local newest = call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
    if newest and newest[1] == last and newest[2][2] ~= args[tail - 1] then
      return err('DIVERGED ' .. last) -- another event under this name
    end
    return redis.status_reply('DUP')
  end
  -- Where no event is known, any name of epoch 0 says so: its number is `hs`, above which names start.
  if last ~= prev and not (not h[1] and string.sub(prev, 1, 2) == '0-') then
    return err('DIVERGED ' .. last)
  end
  if flag == 'create' then
    if h[2] then
      return err('EXISTS ' .. last)
    end
  elseif not h[2] then
    return err('DIVERGED ' .. last) -- no such room
  end

  local seen, marks, order, before = 0, {}, {}, 0
  for i = 0, n - 1 do
    local seq, gwboot, rseq = tonumber(args[6 + 4 * i]), args[7 + 4 * i], tonumber(args[8 + 4 * i])
    if seq <= before then
      return err('ORDER ' .. epoch .. '-' .. args[6 + 4 * i])
    end
    before = seq
    if gwboot ~= '' then
      local mark = marks[gwboot]
      if mark == nil then
        mark = tonumber(call('HGET', meta, 'd:' .. gwboot) or '') or false
        order[#order + 1] = {gwboot, not mark}
      end
      if mark and mark >= rseq then
        seen = seen + 1
      else
        mark = rseq
      end
      marks[gwboot] = mark
    end
  end
  if seen == n then
    return redis.status_reply('SEEN')
  elseif seen > 0 then
    return err('SEEN ' .. seen .. ' of ' .. n)
  end

  if not holds(log, 'stream') then
    return damaged(log)
  elseif not holds(gone, 'hash') then
    return damaged(gone)
  elseif m > 0 and not holds(aff, 'hash') then
    return damaged(aff)
  elseif m > 0 and not holds(nicks, 'hash') then
    return damaged(nicks)
  elseif flag ~= '' and not holds(rooms, 'set') then
    return damaged(rooms)
  end

  local freed, taken = {}, {}
  for i = 0, m - 1 do
    local jid, nick = args[tail + 5 + 3 * i], args[tail + 7 + 3 * i]
    local old = stored_nick(call('HGET', aff, jid))
    if old ~= '' and old ~= nick then
      freed[old] = jid
    end
    if nick ~= '' then
      if taken[nick] then
        return err('NICK ' .. nick)
      end
      taken[nick] = jid
    end
  end
  for nick, jid in pairs(taken) do
    local holder = call('HGET', nicks, nick)
    if holder and holder ~= jid and freed[nick] ~= holder then
      return err('NICK ' .. nick)
    end
  end

  local tombstones, taken_back = {}, {}
  for i = 0, k - 1 do
    local id, who, by = args[rest + 4 + 3 * i], args[rest + 5 + 3 * i], args[rest + 6 + 3 * i]
    local said = speaker(log, id)
    if who == '' and not said then
      return err('NOTARGET ' .. id)
    end
    if said and (who == '' or (said == who and not taken_back[id] and call('HEXISTS', gone, id) == 0)) then
      taken_back[id] = true
      tombstones[#tombstones + 1] = id
      tombstones[#tombstones + 1] = by
    end
  end

  -- The stream refuses a name that is not above its newest: the second fence. After the first entry
  -- the others cannot be refused, their names rise.
  for i = 0, n - 1 do
    local id = epoch .. '-' .. args[6 + 4 * i]
    local r = redis.pcall('XADD', log, id, 'p', args[9 + 4 * i])
    if type(r) == 'table' and r.err then
      return err('ORDER ' .. id)
    end
  end
  local t = {ta = 0, tk = 0, ts = 0, tc = ''}
  if flag == 'create' then -- what is older was said in another room of that name
    call('XTRIM', log, 'MAXLEN', '=', '1')
    call('DEL', gone)
  elseif h[3] then
    local ta, tk, ts, tc = string.match(h[3], '^(%d+) (%d+) (%d+) (.*)$')
    if is_int(ta) and is_int(tk) and is_int(ts) and (tc == '' or is_name(tc)) then
      t = {ta = tonumber(ta), tk = tonumber(tk), ts = tonumber(ts), tc = tc}
    end
  end
  t.ta = t.ta + tonumber(args[rest + 2])
  for i = 1, #tombstones, 2 do
    call('HSET', gone, tombstones[i], tombstones[i + 1])
  end
  trim(log, gone, t, tonumber(args[4]), tonumber(args[rest]), tonumber(args[rest + 1]), n)

  for _, w in ipairs(order) do
    if w[2] then
      drop_old_marks(meta, w[1])
    end
    call('HSET', meta, 'd:' .. w[1], num(marks[w[1]]))
  end
  call('HSET', meta, 'last', epoch .. '-' .. args[tail - 4], 'trim',
       string.format('%.0f %.0f %.0f %s', t.ta, t.tk, t.ts, t.tc))
  if flag == 'destroy' then
    call('HDEL', meta, 'state')
    call('HSET', meta, 'gone', stamp)
    call('DEL', aff, nicks, avatar)
    call('SREM', rooms, room)
    call('HSET', own, 'hs', num(math.max(tonumber(o[3] or '') or 0, before)))
    call('EXPIRE', log, GONE_SECONDS)
    call('EXPIRE', gone, GONE_SECONDS)
    local keep = GONE_SECONDS
    if state ~= '' then
      local left = (tonumber(string.match(state, '^%d+')) - (tonumber(stamp) or 0)) / 1000
      call('HSET', meta, 'moved', state)
      keep = math.max(keep, math.ceil(math.min(left, MOVED_SECONDS)))
    end
    call('EXPIRE', meta, keep)
    return redis.status_reply('OK')
  end
  if flag == 'create' then
    call('HDEL', meta, 'gone', 'moved')
    call('DEL', avatar)
    call('PERSIST', log)
    call('PERSIST', meta)
    call('SADD', rooms, room)
  end
  if state ~= '' then
    call('HSET', meta, 'state', state)
  end
  if picture == '-' then
    call('DEL', avatar)
  elseif picture ~= '' then
    call('SET', avatar, string.sub(picture, 2))
  end
  for nick, jid in pairs(freed) do
    if call('HGET', nicks, nick) == jid then
      call('HDEL', nicks, nick)
    end
  end
  for i = 0, m - 1 do
    local jid, value, nick = args[tail + 5 + 3 * i], args[tail + 6 + 3 * i], args[tail + 7 + 3 * i]
    if value == '' then
      call('HDEL', aff, jid)
    else
      call('HSET', aff, jid, value)
    end
    if nick ~= '' then
      call('HSET', nicks, nick, jid)
    end
  end
  return redis.status_reply('OK')
end

-- ------------------------------------------------------------------------------------ directory

-- KEYS rooms users info all   ARGV room, exists (1 | 0), listed (1 | 0), entry   -> OK
local function directory(keys, args)
  local room = args[1]
  if #keys ~= 4 or #args ~= 4 then
    return err('ERR arguments')
  end
  for i, kind in ipairs({'zset', 'zset', 'hash', 'zset'}) do
    if not holds(keys[i], kind) then
      return damaged(keys[i])
    end
  end
  if args[2] == '1' then
    call('ZADD', keys[4], '0', room)
  else
    call('ZREM', keys[4], room)
  end
  if args[3] == '1' then
    call('ZADD', keys[1], '0', room)
    call('ZADD', keys[2], 'NX', '0', room)
    call('HSET', keys[3], room, args[4])
  else
    call('ZREM', keys[1], room)
    call('ZREM', keys[2], room)
    call('HDEL', keys[3], room)
  end
  return redis.status_reply('OK')
end

-- KEYS all, by   ARGV room, most rooms (0: any), most of one user in a minute (0: any)
-- -> OK, the room has its place; TOOMANY; TOOFAST
local function reserve(keys, args)
  if #keys ~= 2 or #args ~= 3 or not is_int(args[2]) or not is_int(args[3]) then
    return err('ERR arguments')
  end
  if not holds(keys[1], 'zset') then
    return damaged(keys[1])
  end
  if not holds(keys[2], 'string') then
    return damaged(keys[2])
  end
  local most, rate = tonumber(args[2]), tonumber(args[3])
  if most > 0 and not call('ZSCORE', keys[1], args[1]) and call('ZCARD', keys[1]) >= most then
    return redis.status_reply('TOOMANY')
  end
  local made = call('GET', keys[2]) or '0'
  made = is_int(made) and tonumber(made) or 0
  if rate > 0 and made >= rate then
    return redis.status_reply('TOOFAST')
  end
  if rate > 0 then
    if made == 0 then
      call('SET', keys[2], '1', 'EX', '60')
    else
      call('INCR', keys[2])
    end
  end
  call('ZADD', keys[1], '0', args[1])
  return redis.status_reply('OK')
end

-- The place in the list of the largest first that comes right behind (score, member), and whether the
-- member itself stands before it. Equals stand in falling order of their names.
local function place(key, score, member)
  local s = call('ZSCORE', key, member)
  if s and tonumber(s) == score then
    return call('ZREVRANK', key, member), true
  end
  local lo = call('ZCOUNT', key, '(' .. num(score), '+inf')
  local hi = lo + call('ZCOUNT', key, num(score), num(score))
  while lo < hi do
    local mid = math.floor((lo + hi) / 2)
    if call('ZREVRANGE', key, mid, mid)[1] > member then
      lo = mid + 1
    else
      hi = mid
    end
  end
  return lo, false
end

-- One page of the directory.
-- KEYS rooms users info
-- ARGV order (address | nusers), how (index | after | before), mark, limit
--   mark: a number for index; else a room, before it "<users> " where the order is nusers; before an empty
--   one: the last page
-- -> {number of all, index of the first, room, users, entry, room, users, entry ...}
local function page(keys, args)
  local order, how, mark, limit = args[1], args[2], args[3], tonumber(args[4] or '')
  if #keys ~= 3 or not limit or (how == 'index' and not is_int(mark)) then
    return err('ERR arguments')
  end
  local total, first, list = call('ZCARD', keys[1]), 0, nil
  if how == 'index' then
    first = tonumber(mark)
  elseif how == 'before' and mark == '' then
    first = math.max(total - limit, 0)
  elseif order == 'nusers' then
    local score, member = string.match(mark, '^(%d+) (.+)$')
    if not score or #score > 15 then
      return err('NOMARK ' .. mark)
    end
    local at, there = place(keys[2], tonumber(score), member)
    if how == 'after' then
      first = at + (there and 1 or 0)
    else
      first = math.max(at - limit, 0)
      limit = at - first
    end
  else
    local below = call('ZLEXCOUNT', keys[1], '-', '(' .. mark)
    if how == 'after' then
      first = below + (call('ZSCORE', keys[1], mark) and 1 or 0)
    else
      first = math.max(below - limit, 0)
      limit = below - first
    end
  end
  local out = {total, first}
  if limit <= 0 then
    return out
  end
  if order == 'nusers' then
    list = call('ZREVRANGE', keys[2], first, first + limit - 1)
  else
    list = call('ZRANGE', keys[1], first, first + limit - 1)
  end
  if #list == 0 then
    return out
  end
  local users = call('ZMSCORE', keys[2], unpack(list))
  local info = call('HMGET', keys[3], unpack(list))
  for i, room in ipairs(list) do
    out[3 * i] = room
    out[3 * i + 1] = users[i] or '0'
    out[3 * i + 2] = info[i] or ''
  end
  return out
end

-- -------------------------------------------------------------------------------------- members

-- KEYS record, verona:members
-- ARGV "shard:<id>" | "gateway:<id>", nonce, then field value ...   -> {boot, version}
local function register(keys, args)
  if #keys ~= 2 or #args < 2 or #args % 2 ~= 0 then
    return err('ERR arguments')
  elseif not holds(keys[1], 'hash') then
    return damaged(keys[1])
  elseif not is_list(keys[2]) then
    return damaged(keys[2])
  end
  local boot = num(above(call('HGET', keys[1], 'boot'), 0, now_ms()))
  call('DEL', keys[1])
  call('HSET', keys[1], 'boot', boot, 'nonce', args[2], 'renew', '1', 'state', 'UP')
  for i = 3, #args - 1, 2 do
    call('HSET', keys[1], args[i], args[i + 1])
  end
  call('HSET', keys[2], args[1], boot)
  return {boot, num(call('HINCRBY', keys[2], 'v', 1))}
end

local function alive(state)
  return state == 'UP' or state == 'DRAINING'
end

-- KEYS record   ARGV boot, nonce, state (UP | DRAINING)   -> the new counter
local function renew(keys, args)
  local r = call('HMGET', keys[1], 'boot', 'nonce', 'state', 'renew')
  if #args ~= 3 or not alive(args[3]) then
    return err('ERR arguments')
  end
  if r[1] ~= args[1] or r[2] ~= args[2] or not alive(r[3]) or not is_int(r[4]) then
    return err('NOTMINE ' .. (r[3] or '-'))
  end
  if r[3] ~= args[3] then
    call('HSET', keys[1], 'state', args[3])
  end
  return call('HINCRBY', keys[1], 'renew', 1)
end

-- KEYS record, verona:members   ARGV boot, renew   -> 1, or 0: it moved, or is dead already
local function bury(keys, args)
  if #keys ~= 2 or #args ~= 2 then
    return err('ERR arguments')
  elseif not is_list(keys[2]) then
    return damaged(keys[2])
  end
  local r = call('HMGET', keys[1], 'boot', 'renew', 'state')
  if r[1] ~= args[1] or r[2] ~= args[2] or not alive(r[3]) then
    return 0
  end
  call('HSET', keys[1], 'state', 'DEAD')
  call('HINCRBY', keys[2], 'v', 1)
  return 1
end

-- KEYS record, verona:members   ARGV member field, boot, nonce   -> 1 or 0: not ours
local function leave(keys, args)
  if #keys ~= 2 or #args ~= 3 then
    return err('ERR arguments')
  elseif not is_list(keys[2]) then
    return damaged(keys[2])
  end
  local r = call('HMGET', keys[1], 'boot', 'nonce')
  if r[1] ~= args[2] or r[2] ~= args[3] then
    return 0
  end
  call('HSET', keys[1], 'state', 'GONE')
  call('EXPIRE', keys[1], RECORD_SECONDS)
  call('HDEL', keys[2], args[1])
  call('HINCRBY', keys[2], 'v', 1)
  return 1
end

-- Takes a member that has long been dead, or has no record, off the list.
-- KEYS record, verona:members   ARGV member field, boot   -> 1 or 0: it lives, or another boot does
local function forget(keys, args)
  if #keys ~= 2 or #args ~= 2 then
    return err('ERR arguments')
  elseif not is_list(keys[2]) then
    return damaged(keys[2])
  end
  local r = call('HMGET', keys[1], 'boot', 'state')
  if call('HGET', keys[2], args[1]) ~= args[2] or (r[1] and (r[1] ~= args[2] or alive(r[2]))) then
    return 0
  end
  call('EXPIRE', keys[1], RECORD_SECONDS)
  call('HDEL', keys[2], args[1])
  call('HINCRBY', keys[2], 'v', 1)
  return 1
end

-- ------------------------------------------------------------------------------------- sessions

-- Is `entry` ("<gateway> <boot> <handle> <priority>") the session "<gateway> <boot> <handle>"?
local function is_session(entry, who)
  return entry and string.sub(entry, 1, #who + 1) == who .. ' '
end

-- KEYS verona:session:<bare JID>   ARGV resource, entry, most sessions   -> the entry it replaced, or ''
local function session_bind(keys, args)
  if #keys ~= 1 or #args ~= 3 or not is_int(args[3]) then
    return err('ERR arguments')
  end
  local old = call('HGET', keys[1], args[1])
  if not old and call('HLEN', keys[1]) >= tonumber(args[3]) then
    return err('TOOMANY ' .. args[3])
  end
  call('HSET', keys[1], args[1], args[2])
  return old or ''
end

-- KEYS verona:session:<bare JID>   ARGV resource, "<gateway> <boot> <handle>"   -> 1 or 0: another's
local function session_unbind(keys, args)
  if #keys ~= 1 or #args ~= 2 then
    return err('ERR arguments')
  end
  if not is_session(call('HGET', keys[1], args[1]), args[2]) then
    return 0
  end
  return call('HDEL', keys[1], args[1])
end

-- KEYS verona:session:<bare JID>   ARGV resource, "<gateway> <boot> <handle>", priority   -> 1 or 0
local function session_priority(keys, args)
  if #keys ~= 1 or #args ~= 3 or not string.find(args[3], '^%-?%d+$') then
    return err('ERR arguments')
  end
  if not is_session(call('HGET', keys[1], args[1]), args[2]) then
    return 0
  end
  call('HSET', keys[1], args[1], args[2] .. ' ' .. args[3])
  return 1
end

-- For test.forget_rooms: who is online, without regard to who it is.
-- KEYS verona:presence   ARGV gateway, its boot, 1 | -1
-- 1 -> FIRST: nobody was online, and this gateway is to see that all rooms are forgotten, then take the
--      gate away; BUSY: another one is at it; OK. Gateways that are dead do not count.
-- -1 -> OK
local function attend(keys, args)
  if #keys ~= 1 or #args ~= 3 or not is_int(args[2]) or not string.find(args[3], '^%-?1$') then
    return err('ERR arguments')
  end
  local gate = keys[1] .. ':gate'
  if args[3] == '1' and call('EXISTS', gate) == 1 then
    return redis.status_reply('BUSY')
  end
  local total, all = 0, call('HGETALL', keys[1])
  for i = 1, #all, 2 do
    local boot, n = string.match(all[i + 1], '^(%d+) (%d+)$')
    local r = call('HMGET', 'verona:gateway:' .. all[i], 'boot', 'state')
    if boot and r[1] == boot and alive(r[2]) then
      total = total + tonumber(n)
    else
      call('HDEL', keys[1], all[i])
    end
  end
  local own = call('HGET', keys[1], args[1])
  local boot, n = string.match(own or '', '^(%d+) (%d+)$')
  if args[3] == '-1' and boot ~= args[2] then
    return redis.status_reply('OK') -- of a life that is over, and its sessions with it
  end
  own = boot == args[2] and tonumber(n) or 0
  call('HSET', keys[1], args[1], args[2] .. ' ' .. num(math.max(own + tonumber(args[3]), 0)))
  if args[3] == '1' and total == 0 then
    call('SET', gate, args[1], 'EX', '15')
    return redis.status_reply('FIRST')
  end
  return redis.status_reply('OK')
end

-- ------------------------------------------------------------------------------------- accounts

-- KEYS verona:user:<bare JID>, verona:users, verona:private:<bare JID>
-- ARGV add | passwd | remove, bare JID, then for add and passwd: scram-sha-256, scram-sha-1, Unix ms
-- -> OK, EXISTS, NOTFOUND
local function account(keys, args)
  local what, jid = args[1], args[2]
  local sets = what == 'add' or what == 'passwd'
  if #keys ~= 3 or not ((sets and #args == 5 and is_int(args[5])) or (what == 'remove' and #args == 2)) then
    return err('ERR arguments')
  elseif not holds(keys[1], 'hash') then
    return damaged(keys[1])
  elseif not holds(keys[2], 'set') then
    return damaged(keys[2])
  end
  local there = call('EXISTS', keys[1]) == 1
  if what == 'add' and there then
    return redis.status_reply('EXISTS')
  elseif what ~= 'add' and not there then
    return redis.status_reply('NOTFOUND')
  elseif what == 'remove' then
    call('DEL', keys[1], keys[3])
    call('SREM', keys[2], jid)
    return redis.status_reply('OK')
  end
  call('HSET', keys[1], 'scram-sha-256', args[3], 'scram-sha-1', args[4])
  if what == 'add' then
    call('DEL', keys[3]) -- of a former holder of the name
    call('HSET', keys[1], 'created', args[5])
  end
  call('SADD', keys[2], jid)
  return redis.status_reply('OK')
end

redis.register_function('verona_init_own', init_own)
redis.register_function('verona_claim', claim)
redis.register_function('verona_give', give)
redis.register_function('verona_commit', commit)
redis.register_function('verona_directory', directory)
redis.register_function('verona_reserve', reserve)
redis.register_function{function_name='verona_page', callback=page, flags={'no-writes'}}
redis.register_function('verona_register', register)
redis.register_function('verona_renew', renew)
redis.register_function('verona_bury', bury)
redis.register_function('verona_leave', leave)
redis.register_function('verona_forget', forget)
redis.register_function('verona_session_bind', session_bind)
redis.register_function('verona_session_unbind', session_unbind)
redis.register_function('verona_session_priority', session_priority)
redis.register_function('verona_attend', attend)
redis.register_function('verona_account', account)
