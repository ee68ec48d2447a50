<?xml version="1.0" encoding="UTF-8"?>
<!-- Persistent Chat's XML as a FileDump of Actiance (Smarsh) Vantage.

     LoginName is never empty: the user's name, or else the address (the sample
     transform that was published with Persistent Chat asks for an attribute
     that its XML has not, @userName for @UserName). FirstMessage repeats the
     first of Messages and makes no event. What a history request asked for is
     no message of its author's: it is marked. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="xml" encoding="UTF-8" indent="yes"/>

  <xsl:template match="/Conversations">
    <FileDump>
      <xsl:apply-templates select="Conversation"/>
    </FileDump>
  </xsl:template>

  <xsl:template match="Conversation">
    <Conversation Perspective="{Channel/@name}_group_channel">
      <RoomID><xsl:value-of select="Channel/@uri"/></RoomID>
      <StartTimeUTC><xsl:value-of select="StartTimeUTC/@since1970"/></StartTimeUTC>
      <xsl:apply-templates select="Messages/Message"/>
      <EndTimeUTC><xsl:value-of select="EndTimeUTC/@since1970"/></EndTimeUTC>
    </Conversation>
  </xsl:template>

  <xsl:template match="Message[@type = 'JOIN']">
    <ParticipantEntered><xsl:call-template name="participant"/></ParticipantEntered>
  </xsl:template>

  <xsl:template match="Message[@type = 'PART']">
    <ParticipantLeft><xsl:call-template name="participant"/></ParticipantLeft>
  </xsl:template>

  <xsl:template match="Message[@type = 'CHAT']">
    <Message>
      <xsl:call-template name="who-and-when"/>
      <Content><xsl:value-of select="@content"/></Content>
    </Message>
  </xsl:template>

  <xsl:template match="Message[@type = 'BACKCHAT']">
    <Message>
      <xsl:call-template name="who-and-when"/>
      <Content>[history] <xsl:value-of select="@content"/></Content>
    </Message>
  </xsl:template>

  <xsl:template match="Message[@type = 'FILEUPLOAD' or @type = 'FILEDOWNLOAD']">
    <FileTransferStarted>
      <xsl:call-template name="who-and-when"/>
      <FileName><xsl:value-of select="@content"/></FileName>
    </FileTransferStarted>
    <FileTransferEnded>
      <xsl:call-template name="who-and-when"/>
      <FileName><xsl:value-of select="@content"/></FileName>
      <Status>Completed</Status>
    </FileTransferEnded>
  </xsl:template>

  <!-- A type that is not known here must not vanish. -->
  <xsl:template match="Message">
    <xsl:message terminate="yes">no FileDump for type <xsl:value-of select="@type"/></xsl:message>
  </xsl:template>

  <xsl:template name="participant">
    <xsl:call-template name="who-and-when"/>
    <InternalFlag><xsl:value-of select="Sender/@internal"/></InternalFlag>
    <ConversationID><xsl:value-of select="../../Channel/@uri"/></ConversationID>
    <CorporateEmailID><xsl:value-of select="Sender/@email"/></CorporateEmailID>
  </xsl:template>

  <xsl:template name="who-and-when">
    <LoginName>
      <xsl:choose>
        <xsl:when test="normalize-space(Sender/@UserName) != ''"><xsl:value-of select="Sender/@UserName"/></xsl:when>
        <xsl:when test="normalize-space(Sender/@uri) != ''"><xsl:value-of select="Sender/@uri"/></xsl:when>
        <xsl:otherwise>unknown</xsl:otherwise>
      </xsl:choose>
    </LoginName>
    <DateTimeUTC><xsl:value-of select="DateTimeUTC/@since1970"/></DateTimeUTC>
  </xsl:template>
</xsl:stylesheet>
