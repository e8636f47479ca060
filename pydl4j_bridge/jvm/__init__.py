"""Java: finding it, fetching the jars, starting it, and everything that talks to Java objects.

The only folder that imports ``jpype``, and it does so inside functions: importing any module of this folder loads no
JVM, no JPype and no network library.

``settings`` environment variables · ``java`` a Java runtime · ``lock`` the list of jars · ``jars`` the jars ·
``flags`` the JVM's arguments · ``session`` the JVM of this process · ``setup`` what is done once per machine ·
``exceptions`` Java exceptions → ours · ``logs`` Java logging → Python logging
"""
