#!/usr/bin/env bash
# Makes, in the folder it is called in, a slapd for trying perch-directory: two
# people and a group, on loopback, and the settings to read them. Ends with it.
#
#   example.sh [PORT] [POOL]   else 3890 and ../pool
set -euo pipefail
port=${1:-3890}
pool=$(realpath "${2:-../pool}")
here=$PWD
mkdir -p data

cat >slapd.conf <<END
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile $here/slapd.pid
database mdb
suffix "dc=corp,dc=example"
rootdn "cn=manager,dc=corp,dc=example"
rootpw secret
directory $here/data
END
cat >people.ldif <<END
dn: dc=corp,dc=example
objectClass: dcObject
objectClass: organization
dc: corp
o: Corp

dn: ou=london,dc=corp,dc=example
objectClass: organizationalUnit
ou: london

dn: uid=anna,ou=london,dc=corp,dc=example
objectClass: inetOrgPerson
uid: anna
cn: Anna A.
sn: A.
mail: anna@fjord.example

dn: uid=bert,ou=london,dc=corp,dc=example
objectClass: inetOrgPerson
uid: bert
cn: Bert B.
sn: B.
mail: bert@fjord.example

dn: cn=traders,dc=corp,dc=example
objectClass: groupOfNames
cn: traders
member: uid=anna,ou=london,dc=corp,dc=example
END
cat >directory.conf <<END
[directory]
name = corp
state_dir = $here

[pool]
socket = $pool/node1/run/admin.sock

[ldap]
uri = ldap://127.0.0.1:$port
starttls = no
plain = yes
bind = anonymous
base = "dc=corp,dc=example"
END
[ -e data/data.mdb ] || /usr/sbin/slapadd -q -f slapd.conf -l people.ldif
/usr/sbin/slapd -f slapd.conf -h "ldap://127.0.0.1:$port/"
echo "slapd runs; to end it: kill \$(cat $here/slapd.pid)"
