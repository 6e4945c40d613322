-- What Orleans' ADO.NET providers need of PostgreSQL, in our own words.
--
-- Orleans reads the queries from the table OrleansQuery and gives them named parameters; their keys, the parameters' names and the
-- columns of the answers are its contract (10.4.2), the tables are ours. Each query is one statement and so one transaction: either
-- all of it holds or nothing. This file is run as a whole, under an advisory lock, by the first silo of a newer version; see
-- ClusterSchema. The schema is the first one of the connection's search path.

CREATE TABLE IF NOT EXISTS OrleansQuery
(
    QueryKey text PRIMARY KEY,
    QueryText text NOT NULL
);

-- One row per cluster. Every change of membership adds one to the version, and asks for the version that it was decided on: of two
-- silos that decide at once, one must look again.
CREATE TABLE IF NOT EXISTS OrleansMembershipVersion
(
    DeploymentId text PRIMARY KEY,
    Version integer NOT NULL DEFAULT 0,
    ChangedAt timestamptz NOT NULL DEFAULT now()
);

-- One row per life of a silo; a silo that starts again has a new generation. All times are the database's: see SharedClock.
CREATE TABLE IF NOT EXISTS OrleansMembership
(
    DeploymentId text NOT NULL REFERENCES OrleansMembershipVersion,
    Address text NOT NULL,
    Port integer NOT NULL,
    Generation integer NOT NULL,
    SiloName text NOT NULL,
    HostName text NOT NULL,
    Status integer NOT NULL,
    ProxyPort integer,
    SuspectTimes text,
    StartTime timestamptz NOT NULL,
    IAmAliveTime timestamptz NOT NULL,
    PRIMARY KEY (DeploymentId, Address, Port, Generation)
);

-- States of low-rate grains. Orleans' key is two numbers and a text; a grain's type is not part of it, the state's name is.
CREATE TABLE IF NOT EXISTS OrleansGrainState
(
    ServiceId text NOT NULL,
    StateName text NOT NULL,
    KeyHigh bigint NOT NULL,
    KeyLow bigint NOT NULL,
    KeyText text NOT NULL,
    Version integer NOT NULL,
    Payload bytea,
    ChangedAt timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (ServiceId, StateName, KeyText, KeyHigh, KeyLow)
);

--@ InsertMembershipVersionKey
WITH added AS (
    INSERT INTO OrleansMembershipVersion (DeploymentId) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1)
SELECT count(*)::integer FROM added;

--@ InsertMembershipKey
WITH turn AS (
    UPDATE OrleansMembershipVersion v
    SET Version = Version + 1, ChangedAt = now()
    WHERE v.DeploymentId = @DeploymentId AND v.Version = @Version
        AND NOT EXISTS (SELECT 1 FROM OrleansMembership m
            WHERE m.DeploymentId = @DeploymentId AND m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation)
    RETURNING v.DeploymentId),
added AS (
    INSERT INTO OrleansMembership (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
    SELECT turn.DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM turn
    RETURNING 1)
SELECT count(*)::integer FROM added;

--@ UpdateMembershipKey
WITH turn AS (
    UPDATE OrleansMembershipVersion v
    SET Version = Version + 1, ChangedAt = now()
    WHERE v.DeploymentId = @DeploymentId AND v.Version = @Version
        AND EXISTS (SELECT 1 FROM OrleansMembership m
            WHERE m.DeploymentId = @DeploymentId AND m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation)
    RETURNING v.DeploymentId),
changed AS (
    UPDATE OrleansMembership m
    SET Status = @Status, SuspectTimes = @SuspectTimes, IAmAliveTime = greatest(m.IAmAliveTime, @IAmAliveTime)
    FROM turn
    WHERE m.DeploymentId = turn.DeploymentId AND m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation
    RETURNING 1)
SELECT count(*)::integer FROM changed;

--@ UpdateIAmAlivetimeKey
UPDATE OrleansMembership
SET IAmAliveTime = greatest(IAmAliveTime, @IAmAliveTime)
WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation;

--@ MembershipReadRowKey
SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version
FROM OrleansMembershipVersion v
LEFT JOIN OrleansMembership m ON m.DeploymentId = v.DeploymentId AND m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation
WHERE v.DeploymentId = @DeploymentId;

--@ MembershipReadAllKey
SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version
FROM OrleansMembershipVersion v
LEFT JOIN OrleansMembership m ON m.DeploymentId = v.DeploymentId
WHERE v.DeploymentId = @DeploymentId;

--@ GatewaysQueryKey
SELECT Address, ProxyPort, Generation
FROM OrleansMembership
WHERE DeploymentId = @DeploymentId AND Status = @Status AND ProxyPort > 0;

--@ DeleteMembershipTableEntriesKey
WITH silos AS (
    DELETE FROM OrleansMembership WHERE DeploymentId = @DeploymentId RETURNING 1)
UPDATE OrleansMembershipVersion SET Version = Version + 1, ChangedAt = now() WHERE DeploymentId = @DeploymentId;

-- 6 is dead. A vote may be younger than the silo's own last sign of life: such a row stays.
--@ CleanupDefunctSiloEntriesKey
DELETE FROM OrleansMembership
WHERE DeploymentId = @DeploymentId AND Status = 6 AND IAmAliveTime < @IAmAliveTime AND StartTime < @IAmAliveTime AND coalesce(SuspectTimes, '') = '';

-- The row as it was judged, or nothing.
--@ CleanupDefunctSiloEntryKey
DELETE FROM OrleansMembership
WHERE DeploymentId = @DeploymentId AND Status = 6 AND Address = @Address AND Port = @Port AND Generation = @Generation
    AND IAmAliveTime = @IAmAliveTime AND StartTime = @StartTime AND coalesce(SuspectTimes, '') = coalesce(CAST(@SuspectTimes AS text), '');

-- No answer means that another activation wrote since this one read, and Orleans then ends this one.
--@ WriteToStorageKey
WITH changed AS (
    UPDATE OrleansGrainState
    SET Payload = @PayloadBinary, Version = Version + 1, ChangedAt = now()
    WHERE ServiceId = @ServiceId AND StateName = @GrainTypeString AND KeyText = coalesce(CAST(@GrainIdExtensionString AS text), '')
        AND KeyHigh = @GrainIdN1 AND KeyLow = @GrainIdN0 AND Version = CAST(@GrainStateVersion AS integer)
    RETURNING Version),
added AS (
    INSERT INTO OrleansGrainState (ServiceId, StateName, KeyHigh, KeyLow, KeyText, Version, Payload)
    SELECT @ServiceId, @GrainTypeString, @GrainIdN1, @GrainIdN0, coalesce(CAST(@GrainIdExtensionString AS text), ''), 1, @PayloadBinary
    WHERE CAST(@GrainStateVersion AS integer) IS NULL
    ON CONFLICT DO NOTHING
    RETURNING Version)
SELECT Version AS NewGrainStateVersion FROM changed UNION ALL SELECT Version FROM added;

--@ ReadFromStorageKey
SELECT Payload AS PayloadBinary, Version
FROM OrleansGrainState
WHERE ServiceId = @ServiceId AND StateName = @GrainTypeString AND KeyText = coalesce(CAST(@GrainIdExtensionString AS text), '')
    AND KeyHigh = @GrainIdN1 AND KeyLow = @GrainIdN0;

-- The row stays, without a state: its version goes on counting, so that a write decided on the old state is refused.
--@ ClearStorageKey
UPDATE OrleansGrainState
SET Payload = NULL, Version = Version + 1, ChangedAt = now()
WHERE ServiceId = @ServiceId AND StateName = @GrainTypeString AND KeyText = coalesce(CAST(@GrainIdExtensionString AS text), '')
    AND KeyHigh = @GrainIdN1 AND KeyLow = @GrainIdN0 AND Version = CAST(@GrainStateVersion AS integer)
RETURNING Version AS NewGrainStateVersion;
