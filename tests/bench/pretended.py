"""Starts pretended nodes (room_server) for tests of perch-bench."""
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def make_certificate(folder):
    """Options that give the nodes a certificate for TLS."""
    key, certificate = (os.path.join(folder, name)
                        for name in ('key.pem', 'certificate.pem'))
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj',
                    '/CN=bench', '-keyout', key, '-out', certificate],
                   check=True, stderr=subprocess.DEVNULL)
    return ['--certificate', certificate, '--key', key]


class Pool:
    """Pretended nodes, and a program in their folder that tells of them."""

    def __init__(self, folder, *options):
        self.process = subprocess.Popen(
            [os.path.join(HERE, 'room_server'), '--directory',
             os.path.join(folder, 'node1')] + list(options),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.tool = os.path.join(folder, 'pool')
        with open(self.tool, 'w') as file:
            file.write("#!/bin/sh\necho '%s'\n" %
                       self.process.stdout.readline().strip())
        os.chmod(self.tool, 0o755)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
