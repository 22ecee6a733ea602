"""What text for mongosh does, judged by the methods it calls; a call that is not known is unknown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from console.guides.model import Risk
from console.guides.risk.names import names
from console.guides.risk.options import has, operands, uncertain, value_of
from console.guides.shell import Word

_READ = names(
    """
    abs aggregate allowDiskUse batchSize BinData catch ceil collation comment concat conf config
    connectionStatus count countDocuments currentOp dataSize Date distinct endsWith entries
    estimatedDocumentCount every explain filter find findOne floor for forEach function getCollection
    getCollectionInfos getCollectionNames getDB getDBNames getDBs getIndexes getIndexKeys
    getLogComponents getMongo getName getPlanCache getProfilingLevel getProfilingStatus
    getReplicationInfo getRole getRoles getShardDistribution getSiblingDB getTime getUser getUsers
    hasNext hello help hint hostInfo if includes indexOf isCapped isCursor isMaster ISODate itcount join
    keys latencyStats length limit list listCommands map max maxTimeMS min next now Number NumberDecimal
    NumberInt NumberLong Object ObjectId objsLeftInBatch parseFloat parseInt pretty print printjson
    printReplicationInfo printSecondaryReplicationInfo printShardingStatus printSlaveReplicationInfo
    project projection push readConcern readPref reduce RegExp return returnKey round serverBuildInfo
    serverCmdLineOpts serverStatus showRecordId size skip slice some sort split startsWith stats status
    storageSize String stringify substring switch Timestamp toArray toFixed toISOString tojson
    toLowerCase toString totalIndexSize totalSize toUpperCase trim typeof UUID validate values version
    while
    """
)
_CHANGE = names(
    """
    add addArb addShard auth bulkWrite changeUserPassword cloneCollection compact convertToCapped copyTo
    createCollection createIndex createIndexes createRole createUser createView deleteOne
    enableFreeMonitoring enableSharding ensureIndex findAndModify findOneAndDelete findOneAndReplace
    findOneAndUpdate freeze fsyncLock fsyncUnlock grantRolesToUser hideIndex initializeOrderedBulkOp
    initializeUnorderedBulkOp initiate insert insertMany insertOne killOp logout moveChunk reconfig
    reIndex renameCollection replaceOne revokeRolesFromUser rotateCertificates save setBalancerState
    setFeatureCompatibilityVersion setLogLevel setProfilingLevel setReadPref setSecondaryOk setSlaveOk
    shardCollection startBalancer startSession stepDown stopBalancer syncFrom unhideIndex update
    updateMany updateOne updateRole updateUser watch
    """
)
_DESTROY = frozenset(
    {"deleteMany", "remove", "shutdownServer", "removeShard", "removeUser", "repairDatabase"}
)
_RUN = frozenset({"runCommand", "adminCommand", "runReadCommand"})
_RUN_READ = names(
    """
    balancerStatus buildInfo collStats connectionStatus count currentOp dbHash dbStats distinct explain
    features find getCmdLineOpts getLog getParameter hello hostInfo isdbgrid isMaster listCollections
    listCommands listDatabases listIndexes listShards lockInfo ping profile replSetGetConfig
    replSetGetStatus rolesInfo serverStatus startupWarnings top usersInfo validate whatsmyuri
    """
)
_RUN_DESTROY = frozenset(
    {"drop", "dropDatabase", "shutdown", "delete", "dropUser", "dropAllUsersFromDatabase"}
)
_SHOW = re.compile(r"^\s*(?:show\s+\w+|use\s+[\w.-]+|help|it|exit|quit)\s*;?\s*$", re.MULTILINE)
_STRING = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\.)*`|//[^\n]*|/\*.*?\*/", re.DOTALL
)
_CALL = re.compile(r"([A-Za-z_$][\w$]*)\s*(?:\?\.)?\(")
_COMMAND = re.compile(r"(?:runCommand|adminCommand|runReadCommand)\s*\(\s*(?:\{\s*)?[\"']?(\w+)")
_DYNAMIC = re.compile(r"\\|`|\]\s*\(|\b(?:eval|load|require|process|Function)\b|=>|\bnew\s+Mongo\b")
"""Ways to call what is not named."""
_DROPS = re.compile(r"\.\s*(drop\w*|deleteMany|remove|shutdownServer)\s*\(")


def risk_of_mongo(text: str) -> Risk:
    """The highest risk among the calls in a text for mongosh."""
    risk = max((_command(name) for name in _COMMAND.findall(text)), default=Risk.READ)
    shown = bool(_SHOW.search(text))
    bare = _SHOW.sub("", _STRING.sub(_blank, text))
    if _DROPS.search(bare) or re.search(r"\$out\b|\$merge\b", text):
        risk = max(risk, Risk.DESTRUCTIVE if _DROPS.search(bare) else Risk.CHANGE)
    if _DYNAMIC.search(bare):
        risk = max(risk, Risk.UNKNOWN)
    calls = _CALL.findall(bare)
    for name in calls:
        risk = max(risk, _call(name))
    return risk if calls or shown else max(risk, Risk.UNKNOWN)


def _blank(match: re.Match[str]) -> str:
    return " " if match[0].startswith("/") else '""'


def _command(name: str) -> Risk:
    if name in _RUN_READ:
        return Risk.READ
    return Risk.DESTRUCTIVE if name in _RUN_DESTROY else Risk.CHANGE


def _call(name: str) -> Risk:
    if name in _READ or name in _RUN:
        return Risk.READ
    if name in _DESTROY or name.startswith("drop"):
        return Risk.DESTRUCTIVE
    return Risk.CHANGE if name in _CHANGE else Risk.UNKNOWN


def risk_of_client(words: Sequence[Word], fed: str | None) -> Risk:
    """The risk of `mongosh` with these arguments; `fed` is what comes to its input."""
    values = [word.value for word in words]
    if values in (["--version"], ["--help"]):
        return Risk.READ
    texts = value_of(values, "--eval")
    if uncertain(words) and not texts:
        return Risk.UNKNOWN
    valued = (
        "host",
        "port",
        "username",
        "password",
        "authenticationDatabase",
        "eval",
        "authenticationMechanism",
    )
    files = [
        value for value in operands(values, "up", valued) if value and value.endswith((".js", ".mongodb"))
    ]
    if files or has(values, "--file", "-f"):
        return Risk.UNKNOWN
    if texts:
        return max(Risk.UNKNOWN if text is None else risk_of_mongo(text) for text in texts)
    return risk_of_mongo(fed) if fed is not None else Risk.UNKNOWN
